import { Argument, Command, Option } from 'commander';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { commandsOf, renderCommand, renderCommands } from './command-tables.ts';
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
      '| [`gpu-mixed`](#rule-gpu-mixed) | One kind. | `gpu.allowMixed` | `spec.containers[*].env`, every field |',
    );
  });

  test('mutations: a setting may come with its value', () => {
    const mutation = { id: 'device-void', summary: 'Voids.', settings: 'gpu.deviceAccess: Void' };
    expect(renderMutations([mutation]).split('\n').at(-1)).toBe(
      '| [`device-void`](#mutation-device-void) | Voids. | `gpu.deviceAccess: Void` |',
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

describe('the tables of commands', () => {
  const program = new Command('gate');
  program
    .command('check')
    .description('judge files')
    .addArgument(new Argument('<paths...>', 'files'))
    .option('--as-group <group>', 'a group', (value: string) => [value], [])
    .addOption(new Option('-o, --output <format>', 'form').choices(['text', 'json']).default('text'))
    .addOption(new Option('--limits <list>', 'how much').default({ memory: '1Gi' }))
    .option('--live', 'ask the cluster');
  const group = program.command('print').description('several things');
  group.command('crds').description('the CRDs');

  test('name every command that does something', () => {
    expect(renderCommands(program).split('\n').slice(2)).toEqual([
      '| `gate check` | judge files |',
      '| `gate print crds` | the CRDs |',
    ]);
  });

  test('show arguments and flags with their defaults and choices', () => {
    const [[name, check] = ['', program]] = commandsOf(program);
    expect(renderCommand(name, check).split('\n')).toEqual([
      '```text',
      'gate check [options] <paths...>',
      '```',
      '',
      '| Argument or flag | Default | Meaning |',
      '| --- | --- | --- |',
      '| `paths` |  | files |',
      '| `--as-group <group>` |  | a group |',
      '| `-o, --output <format>` | `text` | form: `text`, `json` |',
      '| `--limits <list>` | `memory=1Gi` | how much |',
      '| `--live` |  | ask the cluster |',
    ]);
  });

  test('show only the usage of a command without either', () => {
    const [, [name, crds] = ['', program]] = commandsOf(program);
    expect(renderCommand(name, crds)).toBe('```text\ngate print crds [options]\n```');
  });
});
