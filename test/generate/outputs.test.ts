import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { workloadPolicyCrd } from '../../src/api/crd.ts';
import { renderCrd, renderOutputs } from './outputs.ts';
import { renderPage } from './pages.ts';

const root = join(import.meta.dirname, '../..');
const readPage = (path: string) => readFileSync(join(root, path), 'utf8');

describe('what is generated', () => {
  test('is up to date: else run npm run generate', async () => {
    for (const { path, content, problems } of await renderOutputs(readPage)) {
      expect({ path, problems }).toEqual({ path, problems: [] });
      expect(readFileSync(join(root, path), 'utf8'), path).toBe(content);
    }
  });

  test('is all that there is beside it, but for the notes of the chart', async () => {
    const outputs = (await renderOutputs(readPage)).map(({ path }) => path).filter((path) => !path.endsWith('.md'));
    const folders = ['crds', 'base', 'overlays', 'components', 'helm'].map((name) => `manifests/${name}`);
    const found = folders.flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name !== 'NOTES.txt')
        .map((entry) => relative(root, join(entry.parentPath, entry.name))),
    );
    expect(found.toSorted()).toEqual(outputs.toSorted());
  });

  test('of the CRD reads back as the CRD, without anchors', () => {
    const yaml = renderCrd(workloadPolicyCrd());
    expect(parse(yaml)).toEqual(workloadPolicyCrd());
    expect(yaml).not.toMatch(/: [&*]a\d/);
  });

  test.each(['README.md', 'manifests/README.md', 'src/cli/README.md', 'src/policies/README.md', 'src/quota/README.md'])(
    'of %s comes back where its blocks were emptied, and a second run changes nothing',
    async (path) => {
      const emptied = readPage(path).replaceAll(/(<!-- generated:.* -->\n)[^]*?(<!-- \/generated -->)/g, '$1$2');
      expect(emptied).not.toBe(readPage(path));
      const first = await renderPage(path, emptied);
      expect(first).toEqual({ path, content: readPage(path), problems: [] });
      expect(await renderPage(path, first.content)).toEqual(first);
    },
  );
});
