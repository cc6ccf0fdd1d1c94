import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mutations } from '../../src/mutations/apply.ts';
import { mutationExamples, mutationExamplesFolder } from './mutation-examples.ts';
import { ruleExamples } from './rule-examples.ts';

const root = join(import.meta.dirname, '../..');
const folder = { root: join(root, 'test/fixtures'), pageFolder: join(root, 'src/policies') };
const marker = (fixture: string) => `<!-- generated:fixture ${fixture} -->\n<!-- /generated -->\n`;
const passes = 'gpu-mixed/pass/two-mig-profiles';
const fails = 'gpu-mixed/fail/all-three-modes';

describe('the examples of a rule', () => {
  test('are the fixtures that the page names, a failing one with its answer', () => {
    const { blocks, problems } = ruleExamples(marker(passes) + marker(fails), ['gpu-mixed'], folder);
    expect(problems).toEqual([]);
    expect(Object.keys(blocks)).toEqual([`fixture ${passes}`, `fixture ${fails}`]);
    expect(blocks[`fixture ${passes}`]).toMatch(
      /^Passes: \[two mig profiles\]\(\.\.\/\.\.\/test\/fixtures\/gpu-mixed\/pass\/two-mig-profiles\.yaml\)\n\n```yaml\npolicy: [^]+\n```$/,
    );
    expect(blocks[`fixture ${fails}`]).toMatch(
      /^Fails: [^]+\n```yaml\n[^]+\n```\n\n```text\n[^]*\[gpu-mixed\][^]+\n```$/,
    );
  });

  const pages: Readonly<Record<string, readonly [page: string, problems: readonly string[]]>> = {
    'a rule without any': [
      '',
      [
        'no fixture of rule gpu-mixed shows what passes; add <!-- generated:fixture gpu-mixed/pass/NAME --> and <!-- /generated -->',
        'no fixture of rule gpu-mixed shows what fails; add <!-- generated:fixture gpu-mixed/fail/NAME --> and <!-- /generated -->',
      ],
    ],
    'a rule without one that fails': [
      marker(passes),
      [
        'no fixture of rule gpu-mixed shows what fails; add <!-- generated:fixture gpu-mixed/fail/NAME --> and <!-- /generated -->',
      ],
    ],
    'a fixture that does not exist': [
      marker(passes) + marker(fails) + marker('gpu-mixed/fail/nothing'),
      ['there is no fixture gpu-mixed/fail/nothing.yaml'],
    ],
  };
  test.each(Object.entries(pages))('%s is a problem', (_, [page, problems]) => {
    expect(ruleExamples(page, ['gpu-mixed'], folder).problems).toEqual(problems);
  });
});

describe('the example of a mutation', () => {
  const ids = mutations.map(({ id }) => id);
  let copy: string;
  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), 'gpugate-examples-'));
    cpSync(mutationExamplesFolder, copy, { recursive: true });
  });
  afterAll(() => rmSync(copy, { recursive: true }));

  test('shows the settings and what they change', () => {
    const { blocks, problems } = mutationExamples(ids);
    expect(problems).toEqual([]);
    expect(Object.keys(blocks).toSorted()).toEqual(ids.map((id) => `mutation ${id}`).toSorted());
    expect(blocks['mutation gpu-mode-label']).toMatch(
      /```diff\n[^]*\n\+ {3}labels:\n\+ {5}gpugate\.dev\/gpu-mode: dedicated\n/,
    );
  });

  test('is a problem where it is missing, superfluous, or shows something else', () => {
    writeFileSync(
      join(copy, 'gpu-mode-label.yaml'),
      'policy: {}\nobject: { kind: Pod, metadata: {}, spec: { containers: [] } }\n',
    );
    expect(mutationExamples([...ids.filter((id) => id !== 'device-void'), 'new'], copy).problems).toEqual([
      'device-void.yaml is an example of no mutation',
      'mutation new has no example new.yaml',
      'gpu-mode-label.yaml shows no mutation, and not gpu-mode-label',
    ]);
  });
});
