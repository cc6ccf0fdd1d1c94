import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { structuralSchema } from '../../src/api/structural-schema.ts';
import { tenantQuota } from '../../src/api/tenant-quota.ts';
import { workloadPolicy } from '../../src/api/workload-policy.ts';
import { alerts } from '../../src/cli/manifests/alerts.ts';
import { flagName, settings } from '../../src/config.ts';
import { mutations } from '../../src/mutations/apply.ts';
import { rules } from '../../src/policies/registry.ts';

import { badRequestReasons } from '../../src/review/bad-request-reasons.ts';
import { metricNames } from '../../src/telemetry/metric-names.ts';
import { programInMemory } from '../support/program-in-memory.ts';
import { commandsOf, renderCommand, renderCommands } from './command-tables.ts';
import { defaults } from './manifests/settings.ts';
import { mutationExamples } from './mutation-examples.ts';
import { renderPolicyReference } from './policy-reference.ts';
import { renderAlerts, renderMetrics, renderMutations, renderReasons, renderRules } from './registry-tables.ts';
import { replaceBlocks } from './replace-blocks.ts';
import { ruleExamples, type Examples } from './rule-examples.ts';
import { renderSettings } from './settings-table.ts';

const root = join(import.meta.dirname, '../..');
const fixtures = join(root, 'test/fixtures');

/** Every page of documentation: those at the top, and the README of each room. */
export function pagePaths(): readonly string[] {
  const top = readdirSync(root).filter((file) => file.endsWith('.md'));
  const rooms = ['manifests', 'src', 'test', 'certs'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.md'))
      .map((file) => `${folder}/${file}`),
  );
  return [...top, ...rooms].toSorted();
}

type BlocksOf = (text: string, path: string) => Examples | Promise<Examples>;

const program = await programInMemory();
const onlyBlocks =
  (blocks: Examples['blocks']): BlocksOf =>
  () => ({ blocks, problems: [] });

/** The settings of `serve` are the flags of the server, which stand where the server is installed. */
const toldElsewhere: ReadonlySet<string> = new Set(['gpugate serve']);

function commandBlocks(): Examples['blocks'] {
  const told = Array.from(commandsOf(program)).filter(([name]) => !toldElsewhere.has(name));
  return Object.fromEntries(
    told.map(([name, command]) => [name.replace('gpugate', 'command'), renderCommand(name, command)]),
  );
}

function policyBlocks(text: string, path: string): Examples {
  const ofRules = ruleExamples(
    text,
    rules.map(({ id }) => id),
    { root: fixtures, pageFolder: join(root, dirname(path)) },
  );
  const ofMutations = mutationExamples(mutations.map(({ id }) => id));
  return {
    blocks: {
      rules: renderRules(rules),
      mutations: renderMutations(mutations),
      'policy-reference': renderPolicyReference(structuralSchema(workloadPolicy)),
      ...ofRules.blocks,
      ...ofMutations.blocks,
    },
    problems: [...ofRules.problems, ...ofMutations.problems],
  };
}

/** What is generated on each page; nothing on all others. */
const blocksOfPages: Readonly<Record<string, BlocksOf>> = {
  'README.md': onlyBlocks({ commands: renderCommands(program) }),
  'manifests/README.md': onlyBlocks({
    settings: renderSettings(settings, flagName),
    metrics: renderMetrics(metricNames),
    alerts: renderAlerts(alerts(defaults.replicas)),
    'bad-requests': renderReasons(badRequestReasons),
  }),
  'src/cli/README.md': onlyBlocks(commandBlocks()),
  'src/policies/README.md': policyBlocks,
  'src/quota/README.md': onlyBlocks({ 'quota-reference': renderPolicyReference(structuralSchema(tenantQuota)) }),
};

/** Aligned as `npm run format` would, so that the two never undo each other's work. */
async function formatted(markdown: string): Promise<string> {
  return format(markdown, { ...(await resolveConfig(import.meta.filename)), parser: 'markdown' });
}

/** A page with its blocks filled in. */
export async function renderPage(path: string, text: string) {
  const { blocks, problems } = (await blocksOfPages[path]?.(text, path)) ?? { blocks: {}, problems: [] };
  const aligned = await Promise.all(
    Object.entries(blocks).map(async ([name, block]) => [name, await formatted(block)] as const),
  );
  const replaced = replaceBlocks(text, Object.fromEntries(aligned));
  return { path, content: replaced.text, problems: [...problems, ...replaced.problems] };
}
