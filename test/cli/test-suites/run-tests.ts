import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runInMemory } from '../../support/run-in-memory.ts';

export type Ran = {
  readonly code: number;
  /** Without the name of the directory and durations. */
  readonly output: string;
  /** What is in a file afterwards. */
  readonly file: (name: string) => string;
};

/** `gpugate test` in a directory of its own with these files; relative paths are those of the directory. */
export async function runTests(files: Readonly<Record<string, string>>, args: readonly string[]): Promise<Ran> {
  const directory = mkdtempSync(join(tmpdir(), 'gpugate-suites-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, name)), { recursive: true });
      writeFileSync(join(directory, name), text);
    }
    const { code, output } = await runCommand(args.map((arg) => (arg.startsWith('-') ? arg : join(directory, arg))));
    const kept = new Map(Object.keys(files).map((name) => [name, readFileSync(join(directory, name), 'utf8')]));
    const shown = output.replaceAll(`${directory}/`, '').replaceAll(/ \(\d+ ms\)/g, '');
    return { code, output: shown, file: (name) => kept.get(name) ?? '' };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Both streams as one. */
export async function runCommand(args: readonly string[]): Promise<{ code: number; output: string }> {
  const { code, out, err } = await runInMemory(['test', ...args], '/');
  return { code, output: out + err };
}

export const policy = `apiVersion: gpugate.dev/v1alpha1
kind: WorkloadPolicy
metadata: { name: platform }
spec:
  enforcement: Deny
  gpu: { allowMixed: false, nodeFit: Off }
  labels: { require: [team], set: { managed-by: platform } }
`;

export const quota = `apiVersion: gpugate.dev/v1alpha1
kind: TenantQuota
metadata: { name: all }
spec: { hard: { nvidia.com/gpu: 2 } }
`;

/** Asks for devices such as `nvidia.com/gpu: 1`. */
export function podOf(name: string, limits = ''): string {
  return `{ apiVersion: v1, kind: Pod, metadata: { name: ${name}, labels: { team: a } }, spec: { containers: [{ name: main, image: i, resources: { limits: { ${limits} } } }] } }`;
}

/** A suite of these cases, as YAML with an indentation of two. */
export function suiteOf(cases: string, head = 'policies: [policy.yaml]'): string {
  return `apiVersion: gpugate.dev/v1alpha1
kind: PolicyTest
metadata: { name: suite }
${head}
cases:${cases}`;
}
