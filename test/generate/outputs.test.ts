import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { workloadPolicyCrd } from '../../src/api/crd.ts';
import { readmeBlocks, readmePath, renderCrd, renderOutputs } from './outputs.ts';

const root = join(import.meta.dirname, '../..');
const readme = readFileSync(join(root, readmePath), 'utf8');

describe('what is generated', () => {
  test('is up to date: else run npm run generate', async () => {
    for (const { path, content, faults } of await renderOutputs(readme)) {
      expect({ path, faults }).toEqual({ path, faults: [] });
      expect(readFileSync(join(root, path), 'utf8'), path).toBe(content);
    }
  });

  test('is all that there is beside it, but for the notes of the chart', async () => {
    const outputs = (await renderOutputs(readme)).map(({ path }) => path).filter((path) => path !== readmePath);
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

  test('of the README is a fixed point, and so of prettier too', async () => {
    const markers = Object.keys(readmeBlocks()).map((name) => `<!-- generated:${name} -->\n<!-- /generated -->\n`);
    const contentOf = async (text: string) => (await renderOutputs(text)).find(({ path }) => path === readmePath);
    const first = await contentOf(markers.join('\n'));
    expect(first?.faults).toEqual([]);
    expect(await contentOf(first?.content ?? '')).toEqual(first);
  });
});
