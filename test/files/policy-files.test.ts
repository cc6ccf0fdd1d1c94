import { mkdirSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PolicyFiles, type PolicyFilesOptions } from '../../src/files/policy-files.ts';
import { examplePolicies } from '../support/examples.ts';
import { policy, policyFiles } from './open-policy-files.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

describe('policies of a directory', () => {
  test('are those of all its policy files, sorted by name', async () => {
    const { write, reload } = policyFiles();
    write('b.yaml', `${policy('b')}---\n${policy('z')}`);
    write('a.yml', policy('c'));
    write('c.json', '{"apiVersion":"gpugate.dev/v1alpha1","kind":"WorkloadPolicy","metadata":{"name":"a"},"spec":{}}');
    expect(await reload()).toEqual({
      policies: ['a=', 'b=8000M', 'c=8000M', 'z=8000M'],
      problems: [],
      kept: [],
      changed: true,
    });
  });

  test('leave out other files, dot files, drafts of editors and directories below', async () => {
    const { write, reload } = policyFiles();
    write('a.yaml', policy('a'));
    for (const name of ['README.md', '.a.yaml.swp', '.hidden.yaml', 'a.yaml~', 'below/b.yaml', '..data/c.yaml']) {
      write(name, policy('x'));
    }
    expect(await reload()).toMatchObject({ policies: ['a=8000M'], problems: [] });
  });

  test('are read once from a mounted ConfigMap, and follow its swap', async () => {
    const { path, write, reload } = policyFiles();
    write('..2026_01/platform.yaml', policy('platform'));
    symlinkSync('..2026_01', join(path, '..data'));
    symlinkSync('..data/platform.yaml', join(path, 'platform.yaml'));
    expect(await reload()).toMatchObject({ policies: ['platform=8000M'], problems: [] });

    write('..2026_02/platform.yaml', policy('platform', '4G'));
    symlinkSync('..2026_02', join(path, '..data_tmp'));
    renameSync(join(path, '..data_tmp'), join(path, '..data'));
    expect(await reload()).toMatchObject({ policies: ['platform=4G'], problems: [], changed: true });
  });

  test('that are unchanged are the same objects, and changed is false', async () => {
    const { write, files } = policyFiles();
    write('a.yaml', policy('a'));
    write('b.yaml', policy('b'));
    const first = await files.reload();
    const second = await files.reload();
    expect(second.changed).toBe(false);
    expect(second.policies).toBe(first.policies);
    write('a.yaml', policy('a', '4G'));
    expect((await files.reload()).changed).toBe(false);
    const third = await files.reload();
    expect(third.changed).toBe(true);
    expect(third.policies[0]).not.toBe(first.policies[0]);
    expect(third.policies[1]).toBe(first.policies[1]);
  });

  test('stay as they are until a changed or a new file was found the same twice', async () => {
    const { path, write, files } = policyFiles();
    const inForce = async () => (await files.reload()).policies.map(({ metadata, spec }) => [metadata.name, spec.mps]);
    write('a.yaml', policy('a'));
    const [[, mps] = []] = await inForce();
    write('a.yaml', policy('a').replace(/ {2}mps.*\n/, '  match: {}\n'));
    expect(await inForce()).toEqual([['a', mps]]);
    write('a.yaml', policy('a'));
    expect(await inForce()).toEqual([['a', mps]]);
    renameSync(join(path, 'a.yaml'), join(path, 'b.yaml'));
    expect(await inForce()).toEqual([['a', mps]]);
    write('b.yaml', `${policy('a')}---\n${policy('b')}`);
    expect(await inForce()).toEqual([['a', mps]]);
    expect(await inForce()).toEqual([
      ['a', mps],
      ['b', mps],
    ]);
  });

  test('come and go with their files', async () => {
    const { write, remove, reload } = policyFiles();
    write('a.yaml', policy('a'));
    write('b.yaml', policy('b'));
    await reload();
    remove('b.yaml');
    write('c.yaml', policy('c'));
    expect(await reload()).toEqual({ policies: ['a=8000M', 'c=8000M'], problems: [], kept: [], changed: true });
  });

  test('go with their document, and move between files', async () => {
    const { write, remove, reload } = policyFiles();
    write('a.yaml', `${policy('a')}---\n${policy('b')}`);
    await reload();
    write('a.yaml', policy('a'));
    expect(await reload()).toMatchObject({ policies: ['a=8000M'], problems: [] });
    write('z.yaml', policy('a', '4G'));
    remove('a.yaml');
    expect(await reload()).toMatchObject({ policies: ['a=4G'], problems: [] });
  });
});

describe('verification', () => {
  /** As a pattern that does not compile: the schema accepts it, the rule cannot use it. */
  const verify: PolicyFilesOptions['verify'] = ({ spec }) =>
    spec.mps?.vram === '666G' ? { field: 'spec.mps.vram', message: 'cannot be compiled' } : undefined;

  test('problems stand at the line of their field, and the last good version stays', async () => {
    const { write, reload } = policyFiles({ verify });
    write('a.yaml', policy('a'));
    await reload();
    write('a.yaml', policy('a', '666G'));
    const state = { policies: ['a=8000M'], problems: ['a.yaml:5:10 spec.mps.vram: cannot be compiled'], kept: ['a'] };
    expect(await reload()).toEqual({ ...state, changed: true });
    expect(await reload()).toEqual({ ...state, changed: false });
  });

  test('is asked once about each version', async () => {
    const asked: string[] = [];
    const { write, reload } = policyFiles({
      verify: (found) => {
        asked.push(`${found.metadata.name}=${found.spec.mps?.vram}`);
        return undefined;
      },
    });
    write('a.yaml', policy('a'));
    write('b.yaml', policy('b'));
    await reload();
    await reload();
    write('b.yaml', policy('b', '4G'));
    await reload();
    expect(asked).toEqual(['a=8000M', 'b=8000M', 'b=4G']);
  });
});

describe('paths of the configuration', () => {
  test('may be files and directories; what both name counts once', async () => {
    const { path, write } = policyFiles();
    write('d/a.yaml', policy('a'));
    write('one.conf', policy('b'));
    const files = new PolicyFiles({ paths: [join(path, 'd'), join(path, 'one.conf'), join(path, 'd/a.yaml')] });
    const { policies, problems } = await files.reload();
    expect({ names: policies.map(({ metadata }) => metadata.name), problems }).toEqual({
      names: ['a', 'b'],
      problems: [],
    });
  });

  test('an empty directory is a problem that says what to do', async () => {
    const { reload, write } = policyFiles();
    write('below/a.yaml', policy('a'));
    const empty = 'DIR:1:1 holds no policies; put WorkloadPolicy objects there, in files named *.yaml, *.yml or *.json';
    expect(await reload()).toEqual({ policies: [], problems: [empty], kept: [], changed: true });
  });

  test('a missing path is a problem that says what to do', async () => {
    const { path } = temporaryDirectory();
    const { problems } = await new PolicyFiles({ paths: [join(path, 'nowhere')] }).reload();
    expect(problems.map(({ message }) => message)).toEqual([
      'does not exist; name a file or a directory with policies',
    ]);
  });

  test('a directory that vanishes or is emptied leaves its policies in force', async () => {
    const { path, write, remove } = temporaryDirectory();
    const files = new PolicyFiles({ paths: [join(path, 'd')] });
    const reload = async () => {
      const { policies, problems, kept } = await files.reload();
      return { names: policies.map(({ metadata }) => metadata.name), problems: problems.map((f) => f.message), kept };
    };
    write('d/a.yaml', policy('a'));
    await reload();
    remove('d/a.yaml');
    const empty = 'holds no policies; put WorkloadPolicy objects there, in files named *.yaml, *.yml or *.json';
    expect(await reload()).toEqual({ names: ['a'], problems: [empty], kept: ['a'] });
    remove('d');
    const gone = 'does not exist; name a file or a directory with policies';
    expect(await reload()).toEqual({ names: ['a'], problems: [gone], kept: ['a'] });
    expect((await files.reload()).policies).toHaveLength(1);
    mkdirSync(join(path, 'd'));
    write('d/b.yaml', policy('b'));
    await reload(); // The new file settles.
    expect(await reload()).toEqual({ names: ['b'], problems: [], kept: [] });
  });

  test('the example policies are good', async () => {
    const { policies, problems } = await new PolicyFiles({ paths: [examplePolicies] }).reload();
    expect({ names: policies.map(({ metadata }) => metadata.name), problems }).toEqual({
      names: ['platform', 'sandbox'],
      problems: [],
    });
  });
});

test('reloads run one after the other', async () => {
  const { write, files } = policyFiles();
  write('a.yaml', policy('a'));
  const [first, second] = await Promise.all([files.reload(), files.reload()]);
  expect([first.changed, second.changed]).toEqual([true, false]);
  expect(second.policies).toBe(first.policies);
});
