import { join } from 'node:path';
import { expect, test } from 'vitest';
import { InputError } from '../../../src/text/errors.ts';
import { loadRules } from '../../../src/cli/input/load-rules.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const head = (kind: string, name: string) =>
  `apiVersion: gpugate.dev/v1alpha1\nkind: ${kind}\nmetadata: { name: ${name} }\n`;
const policy = (name: string, spec = '{}') => `${head('WorkloadPolicy', name)}spec: ${spec}\n`;
const quota = (name: string, spec = "{ hard: { pods: '1' } }") => `${head('TenantQuota', name)}spec: ${spec}\n`;

test('policies and quotas may stand in the same directories and files, and come in order of their names', async () => {
  const { path, write } = temporaryDirectory();
  write('b.yaml', `${policy('z')}---\n${quota('y')}`);
  write('a.yaml', `${quota('x')}---\n${policy('w')}`);
  const { policies, quotas } = await loadRules([path]);
  expect(policies.map(({ metadata }) => metadata.name)).toEqual(['w', 'z']);
  expect(quotas.map(({ name }) => name)).toEqual(['x', 'y']);
});

test('everything that is wrong is told at once, each with its place', async () => {
  const { path, write } = temporaryDirectory();
  write('a.yaml', `${policy('p')}---\n${quota('q')}`);
  write('b.yaml', `${policy('p')}---\n${quota('q')}---\n${policy('r', "{ names: { pattern: '(' } }")}`);
  write('c.yaml', quota('s', "{ hard: { pods: '1' }, scope: { groupBy: { namespacePattern: 'x' } } }"));
  write('d.yaml', '# nothing\n');
  const error: unknown = await loadRules([path, join(path, 'none')]).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(InputError);
  const lines = (error as InputError).message.replaceAll(`${path}/`, '').split('\n');
  expect(lines.toSorted()).toEqual([
    expect.stringMatching(/^b\.yaml:14:18 spec\.names\.pattern: must be a regular expression/),
    expect.stringMatching(/^b\.yaml:3:13 metadata\.name: policy p is already defined at a\.yaml:1/),
    expect.stringMatching(/^b\.yaml:8:13 metadata\.name: quota q is already defined at a\.yaml:6/),
    expect.stringMatching(/^c\.yaml:4:\d+ spec\.scope\.groupBy\.namespacePattern: captures nothing/),
    expect.stringMatching(/^d\.yaml:1:1 is empty/),
    expect.stringMatching(/^none:1:1 does not exist/),
  ]);
});
