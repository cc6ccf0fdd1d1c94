import type { Report, ReportContext } from '../../../src/cli/report/report.ts';

export const plainContext: ReportContext = { version: '1.2.3', isColoured: false, directory: '/repo/tree' };

/** One result of each verdict, in two files; findings of each level, with and without a place. */
export const exampleReport: Report = {
  command: 'check',
  results: [
    {
      name: 'Pod proj-a/job-7-train',
      group: 'pods/good.yaml',
      place: { file: 'pods/good.yaml', line: 1, column: 1 },
      verdict: 'pass',
      findings: [],
      text: ['+ metadata.labels.project-id: a', '- spec.nodeName: n1'],
      data: { patch: [{ op: 'add', path: '/metadata/labels', value: {} }] },
      durationMs: 12.4,
    },
    {
      name: 'Pod proj-a/train',
      group: 'pods/mixed, 100%.yaml',
      place: { file: 'pods/mixed, 100%.yaml', line: 1, column: 1 },
      verdict: 'fail',
      findings: [
        {
          rule: 'gpu-mixed',
          policy: 'platform',
          level: 'error',
          message: 'nvidia.com/gpu and nvidia.com/gpu.shared in one pod. Ask for one of them.',
          field: 'spec.containers[0].resources.limits',
          place: { file: 'pods/mixed, 100%.yaml', line: 9, column: 7 },
        },
        { rule: 'quota', policy: 'projects', level: 'error', message: 'short by 3 <of 16> & "more"' },
        { rule: 'node-fit', policy: 'platform', level: 'note', message: 'No node: none, at 100%', field: 'spec' },
      ],
    },
    {
      name: 'Pod proj-b/job-8-eval',
      group: 'pods/good.yaml',
      verdict: 'warn',
      findings: [{ rule: 'required-labels', policy: 'sandbox', level: 'warning', message: 'A label is missing.' }],
    },
    {
      name: 'Widget proj-b/w',
      group: 'pods/good.yaml',
      place: { file: 'pods/good.yaml', line: 30, column: 1 },
      verdict: 'undecided',
      findings: [],
      text: ['', '  The kind Widget is not known.'],
    },
  ],
};

/** What an attacker may put into names and values that others read in a terminal, a log, XML or a URL. */
export const hostile = 'a\u001B[31m"<&>]]>\u0000\uD800\u2028\n::error::b\r%0A,:\u{1F600}';
