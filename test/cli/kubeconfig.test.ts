import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exitCodes } from '../../src/cli/exit-codes.ts';
import { runGpugate } from '../support/run-gpugate.ts';

const pod = join(import.meta.dirname, '../../manifests/examples/pods/shared-gpu.yaml');
const policies = join(import.meta.dirname, '../../manifests/examples/policies');

/** Each command that may ask a cluster. */
const commands: Readonly<Record<string, readonly string[]>> = {
  serve: ['serve', '--port', '0', '--ops-port', '0'],
  doctor: ['doctor'],
  usage: ['usage'],
  snapshot: ['snapshot'],
  check: ['check', pod, '--policies', policies],
};

test.each(Object.entries(commands))('%s ends with bad input when its kubeconfig does not exist', async (_, words) => {
  const { code, stdout, stderr } = await runGpugate([...words, '--kubeconfig', '/no/kubeconfig']);
  expect(stderr).toContain('kubeconfig /no/kubeconfig does not exist; name another with --kubeconfig or KUBECONFIG');
  expect([code, stdout]).toEqual([exitCodes.badInput, '']);
});
