import { describe, expect, test } from 'vitest';
import { compileRules, evaluate, ratchet, type CompiledRule, type Finding } from '../../src/policies/evaluate.ts';
import { ruleIds, rules } from '../../src/policies/registry.ts';
import { factsOf, specOf } from './facts-of.ts';

/** Uses every rule. */
const everything = {
  names: { format: '{prefix}-{id}-{name}' },
  labels: { require: ['project-id'] },
  resources: { maximum: { cpu: '64' }, limits: { cpu: '1' } },
  gpu: { maxPerPod: { 'nvidia.com/gpu': 8 } },
  mps: {},
};

const pod = { kind: 'Pod', metadata: { name: 'web' }, spec: { containers: [{ name: 'a' }] } };

function enforcements(settings: object): Record<string, string> {
  return Object.fromEntries(compileRules(specOf(settings)).map(({ id, enforcement }) => [id, enforcement]));
}

function finding(fields: Partial<Finding>): Finding {
  return { rule: 'r', path: 'p', reason: 'x', advice: 'y', enforcement: 'Deny', ...fields };
}

describe('the registry', () => {
  test('has every rule once, with an id in kebab-case', () => {
    expect(new Set(ruleIds).size).toBe(ruleIds.length);
    expect(ruleIds.filter((id) => !/^[a-z]+(-[a-z]+)+$/.test(id))).toEqual([]);
  });

  test('has what the docs need for every rule', () => {
    for (const { summary, settings, fields } of rules) {
      expect(summary).toMatch(/^[A-Z].*\.$/);
      expect(settings).not.toBe('');
      expect(fields).not.toBe('');
    }
  });
});

describe('a policy', () => {
  test('without settings uses only the rule on its mutations', () => {
    expect(compileRules(specOf({})).map(({ id }) => id)).toEqual(['mutation-survived']);
  });

  test('with every setting uses every rule, in the order of the registry', () => {
    expect(compileRules(specOf(everything)).map(({ id }) => id)).toEqual(ruleIds);
  });

  test('that denies is limited by the ceilings', () => {
    const held = Object.entries(enforcements(everything)).filter(([, enforcement]) => enforcement !== 'Deny');
    expect(Object.fromEntries(held)).toEqual({
      'resource-known': 'Warn',
      'node-fit': 'Warn',
      'mps-node-limit': 'Warn',
      'mutation-survived': 'Warn',
    });
  });

  test('can raise the ceiling of the rules on nodes', () => {
    const { 'node-fit': fit, 'resource-known': known } = enforcements({ gpu: { nodeFit: 'Deny' } });
    expect([fit, known]).toEqual(['Deny', 'Deny']);
  });

  test.each(['Warn', 'Audit'] as const)('with %s never does more', (enforcement) => {
    const used = enforcements({ ...everything, enforcement, gpu: { nodeFit: 'Deny' } });
    expect(new Set(Object.values(used))).toEqual(new Set([enforcement]));
  });
});

describe('evaluate', () => {
  test('collects what every rule finds, each with its own enforcement', () => {
    const findings = evaluate(
      compileRules(specOf(everything)),
      factsOf({ object: pod, unmutated: ['/metadata/labels'] }),
    );
    expect(findings.map(({ rule, enforcement }) => `${rule} ${enforcement}`)).toEqual([
      'resource-name Deny',
      'required-labels Deny',
      'resource-maximum Deny',
      'mutation-survived Warn',
    ]);
  });

  test.each(['DELETE', 'CONNECT'] as const)('does not judge a %s', (operation) => {
    const forbidden: CompiledRule = {
      id: 'x',
      enforcement: 'Deny',
      check: () => {
        throw new Error('must not be asked');
      },
    };
    expect(evaluate([forbidden], factsOf({ object: pod, operation }))).toEqual([]);
  });

  test('applies pod rules only to pods', () => {
    const service = { kind: 'Service', metadata: { name: 'web' } };
    expect(evaluate(compileRules(specOf(everything)), factsOf({ object: service, unmutated: ['/x'] }))).toEqual([]);
  });
});

describe('the ratchet', () => {
  test('drops a violation that the old object had too', () => {
    expect(ratchet([finding({})], [finding({})])).toEqual([]);
  });

  test('ignores the detail, because the cluster may have changed since', () => {
    expect(
      ratchet([finding({ detail: 'The cluster has 3 nodes.' })], [finding({ detail: 'The cluster has 2 nodes.' })]),
    ).toEqual([]);
  });

  test.each([
    ['another rule', { rule: 's' }],
    ['another field', { path: 'q' }],
    ['other numbers', { reason: 'y' }],
  ])('keeps %s', (_, fields) => {
    expect(ratchet([finding(fields)], [finding({})])).toEqual([finding(fields)]);
  });

  const over = (excess: number, limit = 'cpu') => finding({ reason: `over by ${excess}`, over: { limit, excess } });
  test.each([
    ['drops what exceeds a limit by less than the old object', over(16), [over(36)], 0],
    ['drops it in another field too', { ...over(16), path: 'spec' }, [over(36)], 0],
    [
      'drops what the old object exceeded by more in one of several findings',
      over(16),
      [over(1), over(36), over(2)],
      0,
    ],
    ['keeps what exceeds it by more', over(36), [over(16)], 1],
    ['keeps what exceeds another limit', over(16, 'memory'), [over(36)], 1],
    ['keeps what another rule found', { ...over(16), rule: 's' }, [over(36)], 1],
    ['keeps what exceeds a limit where the old object had none', over(16), [finding({})], 1],
  ])('%s', (_, present, past, kept) => {
    expect(ratchet([present], past)).toHaveLength(kept);
  });

  test('keeps everything when the old object had no violation', () => {
    const findings = [finding({})];
    expect(ratchet(findings, [])).toBe(findings);
  });
});
