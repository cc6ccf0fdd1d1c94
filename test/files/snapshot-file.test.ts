import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { formatProblem } from '../../src/text/problem.ts';
import { SnapshotFile } from '../../src/files/snapshot-file.ts';
import { exampleSnapshot } from '../support/examples.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const head = 'apiVersion: gpugate.dev/v1alpha1\nkind: ClusterSnapshot\n';
const withNode = (name: string) => `${head}nodes: [{ name: ${name} }]\n`;

function snapshotFile() {
  const directory = temporaryDirectory();
  let nowMs = Date.now();
  const path = join(directory.path, 'snapshot.yaml');
  const file = new SnapshotFile({ path, now: () => nowMs });
  return {
    write: (text: string) => directory.write('snapshot.yaml', text),
    pass: (ms: number) => (nowMs += ms),
    file,
    /** Names of the nodes, problems without the directory, and whether anything changed. */
    reload: async () => {
      const { facts, problems, changed } = await file.reload();
      const text = problems.map((problem) => formatProblem(problem).replace(`${directory.path}/`, ''));
      return { nodes: facts?.nodes.map(({ name }) => name), problems: text, changed };
    },
  };
}

describe('a snapshot file', () => {
  test('gives the facts of its snapshot, and says when they changed', async () => {
    const { write, reload } = snapshotFile();
    write(withNode('a'));
    expect(await reload()).toEqual({ nodes: ['a'], problems: [], changed: true });
    expect(await reload()).toEqual({ nodes: ['a'], problems: [], changed: false });
    write(withNode('b'));
    expect(await reload()).toEqual({ nodes: ['b'], problems: [], changed: true });
  });

  test('that is bad leaves the last good facts, which grow stale until it is good again', async () => {
    const { write, reload, pass, file } = snapshotFile();
    write(withNode('a'));
    await reload();
    const { facts } = await file.reload();
    write(`${head}nodes: [{ nam: b }]\n`);
    const problems = [
      'snapshot.yaml:3:9 nodes[0].name: is required',
      'snapshot.yaml:3:11 nodes[0].nam: unknown field; did you mean name?',
    ];
    pass(1000);
    expect(await reload()).toEqual({ nodes: ['a'], problems, changed: true });
    expect(facts?.stalenessMs()).toBe(0);
    pass(5000);
    expect(await reload()).toEqual({ nodes: ['a'], problems, changed: false });
    expect(facts?.stalenessMs()).toBe(5000);
    write('[');
    expect(await reload()).toMatchObject({ nodes: ['a'], changed: true });
    expect(facts?.stalenessMs()).toBe(5000);
    write(withNode('b'));
    expect(await reload()).toEqual({ nodes: ['b'], problems: [], changed: true });
    expect((await file.reload()).facts?.stalenessMs()).toBe(0);
  });

  test('that was never good has no facts', async () => {
    const { write, reload } = snapshotFile();
    expect(await reload()).toEqual({ nodes: undefined, problems: ['snapshot.yaml:1:1 does not exist'], changed: true });
    write('');
    const empty = 'snapshot.yaml:1:1 is empty; a snapshot file holds exactly one ClusterSnapshot';
    expect(await reload()).toEqual({ nodes: undefined, problems: [empty], changed: true });
  });

  test('holds one snapshot, and no policy', async () => {
    const { write, reload } = snapshotFile();
    write(`${withNode('a')}---\n${withNode('b')}`);
    expect((await reload()).problems).toEqual([
      'snapshot.yaml:5:1 a snapshot file holds exactly one ClusterSnapshot, and this is another',
    ]);
    write(withNode('a').replace('ClusterSnapshot', 'WorkloadPolicy'));
    expect((await reload()).problems).toEqual([
      'snapshot.yaml:2:1 kind: the string "WorkloadPolicy" is not supported here; expected ClusterSnapshot (gpugate.dev/v1alpha1)',
    ]);
  });

  test('of a large cluster in JSON is read quickly when it is good, and thoroughly when it is not', async () => {
    const { write, reload } = snapshotFile();
    const large = (last: object) => {
      const nodes = Array.from({ length: 12_000 }, (_, i) => ({ name: `n${i}`, labels: { note: 'x'.repeat(60) } }));
      return JSON.stringify({
        apiVersion: 'gpugate.dev/v1alpha1',
        kind: 'ClusterSnapshot',
        nodes: [...nodes, last],
      });
    };
    write(large({ name: 'last' }));
    const { nodes, problems } = await reload();
    expect({ last: nodes?.at(-1), count: nodes?.length, problems }).toEqual({
      last: 'last',
      count: 12_001,
      problems: [],
    });
    write(large({ nam: 'last' }));
    expect((await reload()).problems).toMatchObject([
      expect.stringContaining('nodes[12000].name: is required'),
      expect.stringContaining('nodes[12000].nam: unknown field; did you mean name?'),
    ]);
  });

  test('of the examples is good', async () => {
    expect((await new SnapshotFile({ path: exampleSnapshot }).reload()).problems).toEqual([]);
  });
});
