import { describe, expect, test } from 'vitest';
import { readManifestText } from '../../../src/cli/input/manifest-text.ts';

const pod = (name: string) => `apiVersion: v1\nkind: Pod\nmetadata:\n  name: ${name}\n`;
const valuesOf = (text: string) => readManifestText(text).objects.map(({ value }) => value);
const placesOf = (text: string, field: string) =>
  readManifestText(text).objects.map(({ locate }) => Object.values(locate(field)).join(':'));

describe('the objects of a text', () => {
  test('are those of all documents, empty ones left out', () => {
    const text = `# a comment\n---\n${pod('a')}---\n\n---\n# nothing\n---\n${pod('b')}---\n`;
    expect(valuesOf(text)).toMatchObject([{ metadata: { name: 'a' } }, { metadata: { name: 'b' } }]);
  });

  test('say where their fields are, in the whole text', () => {
    expect(placesOf(`${pod('a')}---\n${pod('b')}`, 'metadata.name')).toEqual(['4:3', '9:3']);
    expect(placesOf(`\r\n---\r\n${pod('a').replaceAll('\n', '\r\n')}`, 'metadata.name')).toEqual(['6:3']);
  });

  test('say where the nearest field is, when one is not there', () => {
    expect(placesOf(pod('a'), 'metadata.labels[app.kubernetes.io/name]')).toEqual(['3:1']);
    expect(placesOf(pod('a'), 'spec.containers[0].image')).toEqual(['1:1']);
  });

  test('are the items of a List, each with its own place', () => {
    const text =
      'apiVersion: v1\nkind: List\nitems:\n  - apiVersion: v1\n    kind: Pod\n  - apiVersion: v1\n    kind: Service\n';
    expect(valuesOf(text)).toEqual([
      { apiVersion: 'v1', kind: 'Pod' },
      { apiVersion: 'v1', kind: 'Service' },
    ]);
    expect(placesOf(text, '')).toEqual(['4:5', '6:5']);
    expect(placesOf(text, 'kind')).toEqual(['5:5', '7:5']);
  });

  test('are the items of a typed list, which need not say their kind', () => {
    const text = JSON.stringify({
      apiVersion: 'apps/v1',
      kind: 'DeploymentList',
      items: [{ metadata: { name: 'a' } }],
    });
    expect(valuesOf(text)).toEqual([{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a' } }]);
  });

  test('are read from JSON, several with --- between them', () => {
    const text = '{"apiVersion": "v1",\n "kind": "Pod"}\n---\n{"apiVersion": "v1", "kind": "Service"}';
    expect(valuesOf(text).map(({ kind }) => kind)).toEqual(['Pod', 'Service']);
    expect(placesOf(text, 'kind')).toEqual(['2:2', '4:22']);
  });

  test('keep their values: JSON says "on", and means it', () => {
    expect(valuesOf('{"apiVersion": "v1", "kind": "X", "a": "on", "b": true}')).toMatchObject([{ a: 'on', b: true }]);
  });
});

describe('YAML is read as kubectl reads it', () => {
  const value = (scalar: string) => valuesOf(`apiVersion: v1\nkind: X\na: ${scalar}\n`)[0]?.['a'];
  const remarks = (text: string) =>
    readManifestText(text).remarks.map(({ line, column, message }) => `${line}:${column} ${message}`);

  test.each([
    ['off', false],
    ['Off', false],
    ['No', false],
    ['n', false],
    ['yes', true],
    ['y', true],
    ['On', true],
    ['TRUE', true],
    ['oN', 'oN'],
    ['"off"', 'off'],
    ['!!str off', 'off'],
    ['010', 8],
    ['0o10', 8],
    ['08', 8],
    ['0x1F', 31],
    ['-0b11', -3],
    ['1_000', 1000],
    ['1e3', 1000],
    ['.5', 0.5],
    ['+1', 1],
    ['1:20', '1:20'],
    ['2024-01-02', '2024-01-02'],
    ['1.2.3', '1.2.3'],
    ['100m', '100m'],
    ['~', null],
    ['', null],
    ['Null', null],
  ])('%s is %j', (scalar, expected) => {
    expect(value(scalar)).toBe(expected);
  });

  test('keys become text the same way', () => {
    expect(valuesOf('apiVersion: v1\nkind: X\non: a\n1: b\n0x10: c')[0]).toMatchObject({ true: 'a', 1: 'b', 16: 'c' });
  });

  test('merge keys merge, and the last of duplicate keys counts', () => {
    const text = 'apiVersion: v1\nkind: X\na: &a { b: 1 }\nc: { <<: *a, d: 2 }\na: 3\n';
    expect(valuesOf(text)).toMatchObject([{ a: 3, c: { b: 1, d: 2 } }]);
    expect(remarks(text)).toEqual(['5:1 duplicate key a; kubectl uses this one, the last']);
  });

  test('and whoever wrote Off is told what became of it, and where', () => {
    expect(remarks(`${pod('a')}---\napiVersion: v1\nkind: X\nfit: Off\nmode: 0755\nsure: false\nport: 0`)).toEqual([
      '8:6 Off without quotes is false to kubectl and the cluster; put it in quotes if you mean text',
      '9:7 0755 without quotes is the number 493 to kubectl and the cluster; put it in quotes if you mean text',
    ]);
  });
});

describe('what cannot be read', () => {
  const problems = (text: string) =>
    readManifestText(text).problems.map(({ line, column, message }) => `${line}:${column} ${message}`);

  test('is told with its place, and the documents around it are still read', () => {
    const text = `${pod('a')}---\napiVersion: v1\nkind: [Pod\n---\n${pod('b')}`;
    expect(valuesOf(text)).toHaveLength(2);
    expect(problems(text)).toEqual([expect.stringMatching(/^8:1 not valid YAML: Flow sequence in block collection/)]);
  });

  test.each([
    ['broken JSON', '{"apiVersion": "v1",\n  "kind": "Pod",\n  "metadata": {]\n}', /^3:16 not valid YAML: /],
    ['a document that is no object', '- a\n- b\n', /^1:1 must be an object with apiVersion and kind$/],
    [
      'an object without a kind',
      'apiVersion: v1\n',
      /^1:1 kind is missing: every object needs an apiVersion and a kind$/,
    ],
    ['a kind that is no text', 'apiVersion: v1\nkind: off\n', /^1:1 kind must be text$/],
    [
      'a key that JavaScript reserves',
      'apiVersion: v1\nkind: X\n__proto__: {}\n',
      /^3:1 __proto__ cannot be used as a key$/,
    ],
    ['a key that is null', 'apiVersion: v1\nkind: X\n~: 1\n', /^3:1 null cannot be used as a key$/],
    ['an alias of nothing', 'apiVersion: v1\nkind: X\na: *b\n', /^3:4 there is no anchor &b before this alias$/],
  ])('%s', (_, text, expected) => {
    expect(valuesOf(text)).toEqual([]);
    expect(problems(text)).toEqual([expect.stringMatching(expected)]);
  });

  test('is what nests deeper than a call stack, and as many odd scalars as one likes are read all the same', () => {
    const deep = `{"apiVersion": "v1", "kind": "X", "a": ${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
    expect(problems(deep)).toEqual(['1:1 nests deeper than 1000 levels']);
    const deepYaml = `apiVersion: v1\nkind: X\na: ${'['.repeat(20_000)}${']'.repeat(20_000)}\n`;
    expect(problems(deepYaml)).toEqual([expect.stringMatching(/^3:\d+ nests too deeply$/)]);
    const odd = `apiVersion: v1\nkind: X\na:\n${'  - off\n'.repeat(150_000)}`;
    expect(readManifestText(odd).remarks).toHaveLength(150_000);
  });
});
