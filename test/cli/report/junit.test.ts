import { SaxesParser } from 'saxes';
import { describe, expect, test } from 'vitest';
import { reportJunit } from '../../../src/cli/report/junit.ts';
import { exampleReport, hostile, plainContext } from './example-report.ts';

type Element = { name: string; attributes: Record<string, string>; text: string; children: Element[] };

/** A strict parser: throws at whatever is not well-formed XML 1.0. */
function parseXml(xml: string): Element {
  const root: Element = { name: '', attributes: {}, text: '', children: [] };
  const open = [root];
  const parser = new SaxesParser();
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', ({ name, attributes }) => {
    const element = { name, attributes, text: '', children: [] };
    open.at(-1)?.children.push(element);
    open.push(element);
  });
  parser.on('text', (text) => {
    const element = open.at(-1);
    if (element !== undefined) element.text += text;
  });
  parser.on('closetag', () => void open.pop());
  parser.write(xml).close();
  const [top] = root.children;
  if (top === undefined) throw new Error('no element');
  return top;
}

const suitesOf = (xml: string) => parseXml(xml).children;
const output = reportJunit(exampleReport, plainContext);

describe('JUnit', () => {
  test('counts tests, failures and errors of the whole and of each suite', () => {
    const { name, attributes, children } = parseXml(output);
    expect(name).toBe('testsuites');
    expect(attributes).toEqual({ name: 'gpugate check', tests: '4', failures: '1', errors: '1', time: '0.012' });
    expect(children.map((suite) => suite.attributes)).toEqual([
      { name: 'pods/good.yaml', tests: '3', failures: '0', errors: '1', time: '0.012', skipped: '0' },
      { name: 'pods/mixed, 100%.yaml', tests: '1', failures: '1', errors: '0', time: '0.000', skipped: '0' },
    ]);
  });

  test('has a case for each result, with its file and line', () => {
    const [first] = suitesOf(output)[0]?.children ?? [];
    expect(first?.attributes).toEqual({
      name: 'Pod proj-a/job-7-train',
      classname: 'pods/good.yaml',
      time: '0.012',
      file: 'pods/good.yaml',
      line: '1',
    });
  });

  test('makes a failure of what fails, an error of what is undecided, and output of warnings', () => {
    const cases = suitesOf(output).flatMap((suite) => suite.children);
    expect(cases.flatMap(({ children }) => children.map((child) => [child.name, child.attributes['type']]))).toEqual([
      ['system-out', undefined],
      ['system-out', undefined],
      ['error', 'undecided'],
      ['failure', 'gpu-mixed'],
    ]);
    const failure = cases.at(-1)?.children[0];
    expect(failure?.attributes['message']).toBe(
      'nvidia.com/gpu and nvidia.com/gpu.shared in one pod. Ask for one of them. (and 1 more)',
    );
    expect(failure?.text.split('\n')).toEqual([
      'pods/mixed, 100%.yaml:9:7: error [gpu-mixed] spec.containers[0].resources.limits: nvidia.com/gpu and nvidia.com/gpu.shared in one pod. Ask for one of them. (platform)',
      'error [quota] short by 3 <of 16> & "more" (projects)',
      'note [node-fit] spec: No node: none, at 100% (platform)',
    ]);
    expect(cases.find(({ attributes }) => attributes['name'] === 'Widget proj-b/w')?.children[0]?.attributes).toEqual({
      message: 'The kind Widget is not known.',
      type: 'undecided',
    });
  });

  test('is well-formed whatever stands in it, and keeps all that XML can say', () => {
    const finding = { rule: hostile, level: 'error', message: hostile } as const;
    const result = { name: hostile, group: hostile, verdict: 'fail', findings: [finding], text: [hostile] } as const;
    const [suite] = suitesOf(reportJunit({ command: 'check', results: [result] }, plainContext));
    const said = 'a\uFFFD[31m"<&>]]>\uFFFD\uFFFD\u2028\n::error::b\r%0A,:\u{1F600}';
    expect(suite?.attributes['name']).toBe(said);
    const [failure] = suite?.children[0]?.children ?? [];
    expect(failure?.attributes).toEqual({ message: said, type: said });
    expect(failure?.text).toBe(`error [${said}] ${said}\n${said}`);
  });
});
