import type { Alert } from '../../src/cli/manifests/alerts.ts';
import type { Mutation } from '../../src/mutations/mutation.ts';
import type { Rule } from '../../src/policies/rule.ts';
import type { MetricName } from '../../src/telemetry/metric-names.ts';
import { code, markdownTable } from './markdown-table.ts';

/** Field paths, with a value or without: `gpu.deviceAccess: Void`. Anything else is a sentence. */
const fieldPath = /^[\w.*[\]/-]+(: \w+)?$/;

function codeList(text: string): string {
  return text
    .split(/,\s*/)
    .map((item) => (fieldPath.test(item) ? code(item) : item))
    .join(', ');
}

/** The section of a rule or mutation, further down on the page: its heading is `Rule ID` or `Mutation ID`. */
function section(kind: 'rule' | 'mutation', id: string): string {
  return `[${code(id)}](#${kind}-${id})`;
}

type Documented<T, K extends keyof T> = readonly Readonly<Pick<T, K>>[];

export function renderRules(rules: Documented<Rule, 'id' | 'summary' | 'settings' | 'fields'>): string {
  return markdownTable(
    ['Rule', 'What must hold', 'Settings', 'Fields'],
    rules.map(({ id, summary, settings, fields }) => [
      section('rule', id),
      summary,
      codeList(settings),
      codeList(fields),
    ]),
  );
}

export function renderMutations(mutations: Documented<Mutation, 'id' | 'summary' | 'settings'>): string {
  return markdownTable(
    ['Mutation', 'What it does', 'Settings'],
    mutations.map(({ id, summary, settings }) => [section('mutation', id), summary, codeList(settings)]),
  );
}

export function renderReasons(reasons: Readonly<Record<string, string>>): string {
  return markdownTable(
    ['Reason', 'Meaning'],
    Object.entries(reasons).map(([reason, meaning]) => [code(reason), meaning]),
  );
}

export function renderMetrics(metrics: Readonly<Record<string, MetricName>>): string {
  return markdownTable(
    ['Metric', 'Type', 'Labels', 'Meaning'],
    Object.values(metrics).map(({ name, type, labels, help }) => [code(name), type, labels.map(code).join(', '), help]),
  );
}

/** What Prometheus fills into a summary stands in italics. */
export function renderAlerts(alerts: readonly Alert[]): string {
  const readable = (text: string) => text.replaceAll(/\{\{ \$(?:labels\.)?(\w+)[^}]*\}\}/g, '_$1_');
  return markdownTable(
    ['Alert', 'Severity', 'When', 'What to do'],
    alerts.map(({ name, severity, summary, action }) => [code(name), severity, readable(summary), action]),
  );
}
