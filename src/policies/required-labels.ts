/**
 * Fields looked at: metadata.labels of the kinds in labels.kinds
 * Values allowed:   every key in labels.require is present, with a value that is not empty
 */
import { ownValue } from '../workload/pod.ts';
import { noViolations, type Rule, type Violation } from './rule.ts';

const id = 'required-labels';

export const requiredLabels: Rule = {
  id,
  summary: 'Required labels are present and have a value.',
  settings: 'labels.require, labels.kinds',
  fields: 'metadata.labels',
  compile(spec) {
    const settings = spec.labels;
    if (settings === undefined || settings.require.length === 0) {
      return undefined;
    }
    const kinds = new Set<string>(settings.kinds);
    const required = [...new Set(settings.require)].map((key) => ({ key, source: ownValue(settings.set, key) }));
    return (facts) => {
      if (!kinds.has(facts.kind)) {
        return noViolations;
      }
      const { labels } = facts.meta;
      let violations: Violation[] | undefined;
      for (const { key, source } of required) {
        const value = ownValue(labels, key);
        if (value === undefined || value === '') {
          violations ??= [];
          violations.push({
            rule: id,
            path: `metadata.labels[${key}]`,
            reason: value === undefined ? 'Required, but missing.' : 'Required, but empty.',
            // Only pods are mutated, and a template whose source is absent sets nothing.
            ...(source !== undefined &&
              value === undefined &&
              facts.pod !== undefined && { detail: `The policy sets it from ${source}, which had no value.` }),
            advice: value === undefined ? 'Add the label with a value.' : 'Give the label a value.',
          });
        }
      }
      return violations ?? noViolations;
    };
  },
};
