import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dedicatedPod, logOf } from './log-of.ts';
import { type MemoryRun, runInMemory } from '../../support/run-in-memory.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gpugate-replay-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

const objectOf = (kind: string, name: string, spec: object) =>
  JSON.stringify({ apiVersion: 'gpugate.dev/v1alpha1', kind, metadata: { name }, spec });

/** A file of one policy, and of quotas. */
function rulesFile(settings: object, quotas: Readonly<Record<string, object>> = {}): string {
  const objects = [
    objectOf('WorkloadPolicy', 'new', settings),
    ...Object.entries(quotas).map(([name, spec]) => objectOf('TenantQuota', name, spec)),
  ];
  return file('rules.yaml', objects.join('\n---\n'));
}

type Pod = { readonly uid: string; readonly name: string };

function snapshotFile(pods: readonly Pod[] = []): string {
  const demand = { 'nvidia.com/gpu': 1 };
  return file(
    'snapshot.json',
    JSON.stringify({
      apiVersion: 'gpugate.dev/v1alpha1',
      kind: 'ClusterSnapshot',
      namespaces: [{ name: 'proj-a', labels: { tier: 'gold' } }],
      nodes: [],
      pods: pods.map((pod) => ({ namespace: 'proj-a', node: '', user: 'alice', labels: {}, demand, ...pod })),
    }),
  );
}

async function replay(...args: readonly string[]): Promise<MemoryRun> {
  const run = await runInMemory(['replay', ...args], directory);
  return { ...run, out: run.out.replaceAll(directory, ''), err: run.err.replaceAll(directory, '') };
}

const mixed = { gpu: { allowMixed: false, nodeFit: 'Off' } };
const allowsMixed = { gpu: { allowMixed: true, nodeFit: 'Off' } };
const both = { 'nvidia.com/gpu': '1', 'nvidia.com/gpu.shared': '1' };
const mixedPod = {
  metadata: { name: 'job-1-mixed', namespace: 'proj-a', labels: {} },
  spec: { containers: [{ name: 'main', resources: { limits: both, requests: both } }] },
};

describe('replay', () => {
  test('under the same policies changes nothing', async () => {
    const log = file('a.jsonl', (await logOf(mixed, [{ object: mixedPod }, dedicatedPod('job-2-a')])).join(''));
    const result = await replay(log, '--policies', rulesFile(mixed), '--snapshot', snapshotFile());
    expect(result).toEqual({
      code: 0,
      err: '',
      shown: '',
      out: `2 decisions from 2026-01-01T00:00:00.000Z to 2026-01-01T00:00:01.000Z, judged again under 1 policy and 0 quotas:
  2 the same
`,
    });
  });

  test('counts one decision as one, in reports too', async () => {
    const log = file('a.jsonl', (await logOf(mixed, [{ object: mixedPod }])).join(''));
    const flags = ['--policies', rulesFile(allowsMixed), '--snapshot', snapshotFile(), '-o', 'json'];
    const { results } = JSON.parse((await replay(log, ...flags)).out) as { results: { name: string }[] };
    expect(results.map(({ name }) => name)).toEqual([
      '1 decision, 0 of them the same',
      'old [gpu-mixed]: 1 decision denied then, allowed now',
    ]);
  });

  test('shows what would be allowed, denied, warned, patched and audited differently', async () => {
    const before = { ...mixed, labels: { require: ['team'] } };
    const log = await logOf(before, [
      { object: mixedPod, name: 'job-1-mixed' },
      { ...dedicatedPod('job-2-train', { labels: { team: 'a' } }) },
      { ...dedicatedPod('job-3-sys'), namespace: 'kube-system' },
      { webhook: 'pods.mutate', ...dedicatedPod('job-4-mutate') },
    ]);
    const after = { ...allowsMixed, labels: { require: ['owner'], set: { tenant: 'x' } } };
    const result = await replay(
      file('a.jsonl', log.join('')),
      '--policies',
      rulesFile(after),
      '--snapshot',
      snapshotFile(),
    );
    expect(result.code).toBe(1);
    expect(result.out)
      .toBe(`4 decisions from 2026-01-01T00:00:00.000Z to 2026-01-01T00:00:03.000Z, judged again under 1 policy and 0 quotas:
  1 the same (1 of them exempt)
  1 allowed then, denied now
  1 denied for other reasons
  1 with another patch

ALLOWED THEN, DENIED NOW
  new [required-labels]: 1 decision
    /a.jsonl:2 2026-01-01T00:00:01.000Z pod proj-a/job-2-train of alice
      + [required-labels] metadata.labels[owner]: Required, but missing. Add the label with a value. (policy new)

DENIED FOR OTHER REASONS
  old [required-labels]: 1 decision
    /a.jsonl:1 2026-01-01T00:00:00.000Z pod proj-a/job-1-mixed of alice
      - [required-labels] metadata.labels[team]: Required, but missing. Add the label with a value. (policy old)
      + [required-labels] metadata.labels[owner]: Required, but missing. Add the label with a value. (policy new)
  old [gpu-mixed]: 1 decision
    /a.jsonl:1 2026-01-01T00:00:00.000Z pod proj-a/job-1-mixed of alice
      - [gpu-mixed] spec.containers[0].resources.limits: nvidia.com/gpu and nvidia.com/gpu.shared in one pod. Ask for one of them. (policy old)
  new [required-labels]: 1 decision
    /a.jsonl:1 2026-01-01T00:00:00.000Z pod proj-a/job-1-mixed of alice
      - [required-labels] metadata.labels[team]: Required, but missing. Add the label with a value. (policy old)
      + [required-labels] metadata.labels[owner]: Required, but missing. Add the label with a value. (policy new)

WITH ANOTHER PATCH
  [standard-labels]: 1 decision
    /a.jsonl:4 2026-01-01T00:00:03.000Z pod proj-a/job-4-mutate of alice
      + add /metadata/labels/tenant "x"
`);
  });

  test('does not blame a pod that was mutated for what other policies would have set', async () => {
    const log = await logOf({}, [dedicatedPod('job-1-a')]);
    const rules = rulesFile({ resources: { limits: { cpu: '1' } }, labels: { require: ['a'], set: { a: 'b' } } });
    const result = await replay(file('a.jsonl', log.join('')), '--policies', rules, '--snapshot', snapshotFile());
    expect(result.out).toContain('1 the same');
    expect(result.code).toBe(0);
  });

  test('lists every change with --all, and only some of each kind without', async () => {
    const pods = Array.from({ length: 5 }, (_, index) => ({ object: mixedPod, name: `job-${index}-mixed` }));
    const log = file('a.jsonl', (await logOf(mixed, pods)).join(''));
    const args = [log, '--policies', rulesFile(allowsMixed), '--snapshot', snapshotFile()];
    const few = await replay(...args);
    expect(few.out.match(/a\.jsonl:\d/g)).toHaveLength(3);
    expect(few.out).toContain('old [gpu-mixed]: 5 decisions, such as\n');
    const all = await replay(...args, '--all');
    expect(all.out.match(/^denied then, allowed now: \/a\.jsonl:\d/gm)).toHaveLength(5);
    const json = await replay(...args, '--all', '-o', 'json');
    const { summary, results } = JSON.parse(json.out) as { summary: object; results: { data: object }[] };
    expect(summary).toMatchObject({ pass: 1, fail: 6 });
    expect(results[0]?.data).toMatchObject({ decisions: 5, same: 0, changed: { allowed: 5, denied: 0 } });
    expect(results[1]?.data).toEqual({ change: 'allowed', policy: 'old', rule: 'gpu-mixed', decisions: 5 });
    expect(json.code).toBe(1);
  });
});

describe('quotas of a replay', () => {
  const two = { hard: { 'nvidia.com/gpu': '2' }, scope: { namespaces: ['proj-*'] } };

  test('are charged in order of time, over all files', async () => {
    const lines = await logOf({}, [
      { ...dedicatedPod('job-1-first'), second: 1 },
      { ...dedicatedPod('job-2-second'), second: 2 },
      { ...dedicatedPod('job-3-last'), second: 3 },
    ]);
    mkdirSync(join(directory, 'logs'));
    file('logs/a.jsonl', lines[2] ?? '');
    file('logs/b.jsonl', `${lines[0]}${lines[1]}`);
    const args = ['--policies', rulesFile({}, { gpus: two }), '--snapshot', snapshotFile()];
    const result = await replay(join(directory, 'logs'), ...args);
    expect(result.out).toContain('  2 the same\n  1 allowed then, denied now\n');
    expect(result.out).toContain('  gpus [quota]: 1 decision\n    /logs/a.jsonl:1 ');
    expect(result.out).toContain('nvidia.com/gpu: 1 requested, 2 used of 2, 1 short.');
    expect(result.out).toMatch(
      /\nQuotas started with 0 pods in use, .* A log does not say when a pod ends, or\nwhether /,
    );
    expect(result.code).toBe(1);
  });

  test('begin with the pods of the snapshot, but for those that the log lets in', async () => {
    const log = file('a.jsonl', (await logOf({}, [dedicatedPod('job-1-a'), dedicatedPod('job-2-b')])).join(''));
    const rules = rulesFile({}, { gpus: two });
    const since = snapshotFile([
      { uid: 'uid-job-1-a', name: 'job-1-a' },
      { uid: 'uid-job-2-b', name: 'job-2-b' },
    ]);
    const result = await replay(log, '--policies', rules, '--snapshot', since);
    expect(result.out).toContain('  2 the same\n');
    expect(result.out).toContain('Quotas started with 0 pods in use');

    const before = snapshotFile([{ uid: 'other', name: 'job-0-other' }]);
    const full = await replay(log, '--policies', rules, '--snapshot', before);
    expect(full.out).toContain('  1 the same\n  1 allowed then, denied now\n');
    expect(full.out).toContain('Quotas started with 1 pod in use');
  });
});

describe('a bad log', () => {
  test('is told line by line, and the rest is judged', async () => {
    const [first = '', second = ''] = await logOf({}, [dedicatedPod('job-1-a'), dedicatedPod('job-2-b')]);
    const later = JSON.stringify({ ...(JSON.parse(first) as object), version: 2 });
    const log = file('a.jsonl', `${first}nonsense\n\n${later}\n${second}${first.slice(0, 80)}`);
    const result = await replay(log, '--policies', rulesFile({}), '--snapshot', snapshotFile());
    expect(result.err.split('\n')).toEqual([
      expect.stringMatching(/^\/a\.jsonl:2 is not JSON: /),
      '/a.jsonl:4 is a record of version 2; this gpugate reads version 1',
      '/a.jsonl:6 is cut off: the server ended here',
      '',
    ]);
    expect(result.out).toContain('  2 the same\n2 lines could not be judged; see above.\n1 last line cut off');
    expect(result.code).toBe(3);
  });

  test('that ends in the middle of a line is none', async () => {
    const [line = ''] = await logOf({}, [dedicatedPod('job-1-a')]);
    const log = file('a.jsonl', line + line.slice(0, 80));
    const result = await replay(log, '--policies', rulesFile({}), '--snapshot', snapshotFile());
    expect(result.code).toBe(0);
  });

  test('without any decision is bad input, and so is one that is not there', async () => {
    const rest = ['--policies', rulesFile({}), '--snapshot', snapshotFile()];
    const nothing = await replay(file('a.jsonl', 'a\nb\n'), ...rest);
    expect([nothing.code, nothing.err]).toEqual([
      2,
      expect.stringMatching(/a\.jsonl:1 is not JSON.*a\.jsonl:2 is not JSON.*\nthe logs contain no decisions\n$/s),
    ]);
    const nothingYet = await replay(file('b.jsonl', ''), ...rest);
    expect([nothingYet.code, nothingYet.err]).toEqual([2, 'the logs contain no decisions\n']);
    const gone = await replay(join(directory, 'none'), join(directory, 'gone'), ...rest);
    expect([gone.code, gone.err]).toEqual([2, '/none does not exist\n/gone does not exist\n']);
    mkdirSync(join(directory, 'empty'));
    const empty = await replay(join(directory, 'empty'), ...rest);
    expect([empty.code, empty.err]).toEqual([
      2,
      expect.stringContaining('empty contains no *.jsonl; name a directory'),
    ]);
  });

  test('of many problems tells the first twenty', async () => {
    const [line = ''] = await logOf({}, [dedicatedPod('job-1-a')]);
    const log = file('a.jsonl', line + 'x\n'.repeat(50));
    const result = await replay(log, '--policies', rulesFile({}), '--snapshot', snapshotFile());
    expect(result.err.split('\n')).toHaveLength(22);
    expect(result.out).toContain('50 lines could not be judged');
  });

  test('holds what was undecided then, which is not compared', async () => {
    const [line = ''] = await logOf({}, [dedicatedPod('job-1-a')]);
    const record = JSON.parse(line) as { answer: object };
    const undecided = { ...record, answer: { ...record.answer, decision: 'undecided', message: 'the view is old.' } };
    const log = file('a.jsonl', `${JSON.stringify(undecided)}\n`);
    const result = await replay(log, '--policies', rulesFile({}), '--snapshot', snapshotFile());
    expect(result.out).toContain('  1 undecided then, not judged again\n');
    expect(result.code).toBe(0);
  });
});
