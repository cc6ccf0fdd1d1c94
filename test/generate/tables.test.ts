import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { renderPolicyReference } from './policy-reference.ts';
import { renderAlerts, renderMetrics, renderMutations, renderRules } from './registry-tables.ts';
import { renderSettings } from './settings-table.ts';

describe('the reference of a policy', () => {
  test('has a row for each field, parents first, with type, default and description', () => {
    const spec = {
      type: 'object',
      required: ['must'],
      properties: {
        must: { type: 'string', description: 'Needed.' },
        mode: { type: 'string', enum: ['On', 'Off'], default: 'On', description: 'A | B.' },
        threads: { type: 'integer', minimum: 1, maximum: 100, description: 'Percent.' },
        limits: {
          type: 'object',
          default: {},
          description: 'By resource.',
          additionalProperties: { 'x-kubernetes-int-or-string': true as const },
        },
        kinds: { type: 'array', items: { type: 'string', enum: ['Pod'] }, default: ['Pod'] },
        list: {
          type: 'array',
          description: 'Of objects.',
          items: { type: 'object', properties: { key: { type: 'boolean', description: 'Whether.' } } },
        },
      },
    };
    expect(renderPolicyReference({ properties: { spec, status: { properties: { hidden: {} } } } })).toBe(
      [
        '| Field | Type | Default | Description |',
        '| --- | --- | --- | --- |',
        '| `spec.must` | string | required | Needed. |',
        '| `spec.mode` | `On`, `Off` | `On` | A \\| B. |',
        '| `spec.threads` | integer, 1 to 100 |  | Percent. |',
        '| `spec.limits` | map of quantities | `{}` | By resource. |',
        '| `spec.kinds` | list of `Pod` | `["Pod"]` |  |',
        '| `spec.list` | list of objects |  | Of objects. |',
        '| `spec.list[].key` | boolean |  | Whether. |',
      ].join('\n'),
    );
  });
});

describe('the tables of the registries', () => {
  test('rules: paths in code, sentences as they are', () => {
    const rule = {
      id: 'gpu-mixed',
      summary: 'One kind.',
      settings: 'gpu.allowMixed',
      fields: 'spec.containers[*].env, every field',
    };
    expect(renderRules([rule]).split('\n').at(-1)).toBe(
      '| `gpu-mixed` | One kind. | `gpu.allowMixed` | `spec.containers[*].env`, every field |',
    );
  });

  test('mutations: a setting may come with its value', () => {
    const mutation = { id: 'device-void', summary: 'Voids.', settings: 'gpu.deviceAccess: Void' };
    expect(renderMutations([mutation]).split('\n').at(-1)).toBe(
      '| `device-void` | Voids. | `gpu.deviceAccess: Void` |',
    );
  });

  test('metrics: with their labels', () => {
    const metric = { name: 'm_total', type: 'counter', labels: ['a', 'b'], help: 'Counts.' } as const;
    expect(renderMetrics({ metric }).split('\n').at(-1)).toBe('| `m_total` | counter | `a`, `b` | Counts. |');
  });

  test('alerts: with what Prometheus fills in', () => {
    const alert = {
      name: 'A',
      severity: 'warning',
      summary: '{{ $labels.pod }} has {{ $value | humanize }}.',
      action: 'Look.',
    };
    expect(
      renderAlerts([{ ...alert, severity: 'warning', forTime: '1m', expr: 'x' }])
        .split('\n')
        .at(-1),
    ).toBe('| `A` | warning | _pod_ has _value_. | Look. |');
  });

  test('settings: as flags, with the default as it would be written', () => {
    const settings = {
      maxStaleness: z.string().transform(Number).prefault('60s').describe('How old.'),
      tlsNames: z.array(z.string()).default(['a', 'b']).describe('Which.'),
      tlsCert: z.string().optional().describe('Where.'),
    };
    expect(
      renderSettings(settings, (key) => key.toLowerCase())
        .split('\n')
        .slice(2),
    ).toEqual([
      '| `--maxstaleness` | `60s` | How old. |',
      '| `--tlsnames` | `a`, `b` | Which. |',
      '| `--tlscert` |  | Where. |',
    ]);
  });
});
