import { describe, expect, test } from 'vitest';
import { policy, policyFiles } from './open-policy-files.ts';

const badVram = (place: string) => `${place} spec.mps.vram: must be an integer followed by G or M, such as 8000M`;

describe('a policy with a problem', () => {
  test('stays in force as it was, while others change', async () => {
    const { write, reload } = policyFiles();
    write('a.yaml', policy('a'));
    write('b.yaml', `${policy('b')}---\n${policy('c')}`);
    await reload();
    write('a.yaml', policy('a', '9000M'));
    write('b.yaml', `${policy('b', '8GB')}---\n${policy('c', '4G')}`);
    expect(await reload()).toEqual({
      policies: ['a=9000M', 'b=8000M', 'c=4G'],
      problems: [badVram('b.yaml:5:10')],
      kept: ['b'],
      changed: true,
    });
    expect(await reload()).toMatchObject({ policies: ['a=9000M', 'b=8000M', 'c=4G'], kept: ['b'], changed: false });
    write('b.yaml', `${policy('b', '2G')}---\n${policy('c', '4G')}`);
    expect(await reload()).toMatchObject({
      policies: ['a=9000M', 'b=2G', 'c=4G'],
      problems: [],
      kept: [],
      changed: true,
    });
  });

  test('that was never good is not in force', async () => {
    const { write, reload } = policyFiles();
    write('a.yaml', policy('a', '8GB'));
    write('b.yaml', policy('b'));
    expect(await reload()).toMatchObject({ policies: ['b=8000M'], problems: [badVram('a.yaml:5:10')], kept: [] });
  });

  test('goes when its file goes', async () => {
    const { write, remove, reload } = policyFiles();
    write('a.yaml', policy('a'));
    write('b.yaml', policy('b'));
    await reload();
    write('b.yaml', policy('b', '8GB'));
    await reload();
    remove('b.yaml');
    expect(await reload()).toMatchObject({ policies: ['a=8000M'], problems: [], kept: [] });
  });

  test('in its name stays in force under the old one: it was not removed, but misspelt', async () => {
    const { write, reload } = policyFiles();
    write('a.yaml', policy('a'));
    await reload();
    write('a.yaml', policy('A'));
    expect(await reload()).toMatchObject({
      policies: ['a=8000M'],
      problems: ['a.yaml:3:13 metadata.name: must be a lowercase DNS name'],
      kept: ['a'],
    });
  });

  const unreadable: Readonly<Record<string, readonly [string | Uint8Array, string]>> = {
    'that is no YAML': [
      'spec: [',
      'a.yaml:1:8 not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
    'that was emptied': ['', 'a.yaml:1:1 is empty; remove the file to remove its policies'],
    'that ends in the middle': [
      policy('a').slice(0, 40),
      'a.yaml:2:1 kind: the string "W" is not supported here; expected WorkloadPolicy (gpugate.dev/v1alpha1)',
    ],
    'that is not text': [Uint8Array.of(0xff, 0xfe), 'a.yaml:1:1 is not UTF-8 text'],
    'that is too large': ['#'.repeat(2 * 1024 * 1024), 'a.yaml:1:1 is 2.0 MiB, over the limit of 1.0 MiB'],
  };
  test.each(Object.entries(unreadable))('a file %s leaves all its policies in force', async (_, [content, problem]) => {
    const { write, reload } = policyFiles();
    write('a.yaml', `${policy('a')}---\n${policy('b')}`);
    await reload();
    write('a.yaml', content);
    expect(await reload()).toEqual({
      policies: ['a=8000M', 'b=8000M'],
      problems: [problem],
      kept: ['a', 'b'],
      changed: true,
    });
  });

  test('a broken document leaves in force what can no longer be found in its file', async () => {
    const { write, reload } = policyFiles();
    write('a.yaml', `${policy('a')}---\n${policy('b')}`);
    await reload();
    write('a.yaml', `${policy('a', '4G')}---\n${policy('b').replace('spec:', 'spec: {')}`);
    expect(await reload()).toMatchObject({ policies: ['a=4G', 'b=8000M'], kept: ['b'] });
  });
});

describe('a policy name that two files claim', () => {
  test('is a problem that names both places; the first file wins', async () => {
    const { write, reload } = policyFiles();
    write('a.yaml', `# mine\n${policy('x', '1G')}`);
    write('b.yaml', policy('x', '2G'));
    expect(await reload()).toMatchObject({
      policies: ['x=1G'],
      problems: [
        'b.yaml:3:13 metadata.name: policy x is already defined at a.yaml:2, which stays in force; rename or remove one of them',
      ],
    });
  });

  test('stays with the file that had it, and passes on when that file gives it up', async () => {
    const { write, reload } = policyFiles();
    write('b.yaml', policy('x', '2G'));
    await reload();
    write('a.yaml', policy('x', '1G'));
    expect(await reload()).toMatchObject({
      policies: ['x=2G'],
      problems: [
        'a.yaml:3:13 metadata.name: policy x is already defined at b.yaml:1, which stays in force; rename or remove one of them',
      ],
    });
    write('b.yaml', policy('y'));
    expect(await reload()).toMatchObject({ policies: ['x=1G', 'y=8000M'], problems: [] });
  });

  test('within one file is a problem as well', async () => {
    const { write, reload } = policyFiles();
    write('a.yaml', `${policy('x', '1G')}---\n${policy('x', '2G')}`);
    expect(await reload()).toMatchObject({
      policies: ['x=1G'],
      problems: [
        'a.yaml:9:13 metadata.name: policy x is already defined at a.yaml:1, which stays in force; rename or remove one of them',
      ],
    });
  });
});
