import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { examplePolicies, exampleSnapshot } from '../support/examples.ts';
import { buildPackage } from '../support/build-package.ts';
import { atMost, median, percentile, type Figure, type Figures } from './report.ts';

const runs = 20;
const warmUps = 3;
/** A user who saves a file and checks it does not notice this. */
const barMs = 150;

const manifests = 10_000;
/** As people write them: a workload and the objects that belong to it. */
const manifestsPerFile = 4;
const throughputRuns = 3;

type Program = { readonly args: readonly string[]; readonly environment?: Readonly<Record<string, string>> };

/**
 * `gpugate check` as it is published: the wall time for one file, in turns with a Node that does nothing and with the same
 * check without the cache of compiled code; then how many manifests it judges in a second.
 */
export async function benchCli(progress: (line: string) => void): Promise<Figures> {
  const { directory, remove } = await buildPackage();
  const work = mkdtempSync(join(tmpdir(), 'gpugate-bench-cli-'));
  try {
    const main = join(directory, 'dist/main.js');
    const facts = ['--policies', examplePolicies, '--snapshot', exampleSnapshot];
    const one = join(work, 'one.yaml');
    writeFileSync(one, manifest(0));
    const environment = { XDG_CACHE_HOME: join(work, 'cache') };
    const check = [main, 'check', ...facts, one];
    const times = timeInTurns(
      {
        bare: { args: ['-e', '0'] },
        help: { args: [main, '--help'], environment },
        check: { args: check, environment },
        uncached: { args: check, environment: { ...environment, NODE_DISABLE_COMPILE_CACHE: '1' } },
      },
      progress,
    );
    const many = join(work, 'many');
    writeManifests(many);
    const seconds = Array.from({ length: throughputRuns }, (_, index) => {
      progress(`${manifests} manifests, run ${index + 1} of ${throughputRuns}`);
      return secondsOf({ args: [main, 'check', ...facts, many], environment });
    });
    return {
      check_one_file: atMost(median(times.check), barMs, 'ms, median'),
      check_one_file_p90: milliseconds(percentile(times.check, 0.9), 'ms, p90'),
      bare_node: milliseconds(median(times.bare), 'ms, median'),
      over_bare_node: milliseconds(median(times.check) - median(times.bare), 'ms'),
      help: milliseconds(median(times.help), 'ms, median'),
      without_cache: milliseconds(median(times.uncached), 'ms, median'),
      without_cache_p90: milliseconds(percentile(times.uncached, 0.9), 'ms, p90'),
      manifests_per_second: { value: manifests / median(seconds), unit: 'manifests/s' },
      manifests: { value: manifests, unit: `in ${manifests / manifestsPerFile} files` },
    };
  } finally {
    rmSync(work, { recursive: true });
    remove();
  }
}

const milliseconds = (value: number, unit: string): Figure => ({ value, unit });

/** In turns, so that other load on the machine affects all of them alike. */
function timeInTurns<Name extends string>(
  programs: Readonly<Record<Name, Program>>,
  progress: (line: string) => void,
): Record<Name, number[]> {
  const names = Object.keys(programs) as Name[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = -warmUps; round < runs; round++) {
    for (const name of names) {
      const spent = secondsOf(programs[name]) * 1000;
      if (round >= 0) times[name].push(spent);
    }
  }
  progress(`${runs} runs of each`);
  return times;
}

/** Throws if the program fails, because its time would mean nothing. */
function secondsOf({ args, environment = {} }: Program): number {
  const startedAt = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...environment },
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`node ${args.join(' ')} exited with ${status}: ${stderr}`);
  return (performance.now() - startedAt) / 1000;
}

function writeManifests(directory: string): void {
  for (let file = 0; file < manifests / manifestsPerFile; file++) {
    // In directories, as a tree of tenants would be.
    const place = join(directory, `team-${file % 50}`);
    mkdirSync(place, { recursive: true });
    const documents = Array.from({ length: manifestsPerFile }, (_, n) => manifest(file * manifestsPerFile + n));
    writeFileSync(join(place, `${file}.yaml`), documents.join('---\n'));
  }
}

/** Half of them are pods, a quarter Deployments and a quarter Jobs. All of them pass. */
function manifest(number: number): string {
  const name = `job-${number}-train`;
  const metadata = (indent: string) => `${indent}labels: { project-id: "${number % 100}", group-id: g1 }\n`;
  const containers = (indent: string) => `${indent}containers:
${indent}  - name: train
${indent}    image: registry.example/train:1.0
${indent}    args: ["--steps", "1000"]
${indent}    env: [{ name: SEED, value: "${number}" }]
${indent}    resources: { limits: { cpu: "1", memory: 2Gi } }
`;
  const head = (apiVersion: string, kind: string) =>
    `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata:\n  name: ${name}\n  namespace: proj-a\n${metadata('  ')}`;
  const template = `  template:\n    metadata:\n${metadata('      ')}    spec:\n${containers('      ')}`;
  switch (number % 4) {
    case 0:
    case 1:
      return `${head('v1', 'Pod')}spec:\n${containers('  ')}`;
    case 2:
      return `${head('apps/v1', 'Deployment')}spec:\n  selector: { matchLabels: { project-id: "${number % 100}" } }\n${template}`;
    default:
      return `${head('batch/v1', 'Job')}spec:\n${template}      restartPolicy: Never\n`;
  }
}
