import { format, resolveConfig } from 'prettier';
import { type CustomResourceDefinition, customResourceDefinitions } from '../../src/api/crd.ts';
import { structuralSchema } from '../../src/api/structural-schema.ts';
import { tenantQuota } from '../../src/api/tenant-quota.ts';
import { workloadPolicy } from '../../src/api/workload-policy.ts';
import { alerts } from '../../src/cli/manifests/alerts.ts';
import { yamlOf } from '../../src/cli/manifests/install.ts';
import { flagName, settings } from '../../src/config.ts';
import { mutations } from '../../src/mutations/apply.ts';
import { rules } from '../../src/policies/registry.ts';
import { badRequestReasons } from '../../src/review/bad-request-reasons.ts';
import { metricNames } from '../../src/telemetry/metric-names.ts';
import { helmFiles } from './manifests/helm-files.ts';
import { kustomizeFiles } from './manifests/kustomize-files.ts';
import { defaults } from './manifests/settings.ts';
import { renderPolicyReference } from './policy-reference.ts';
import { renderAlerts, renderMetrics, renderMutations, renderReasons, renderRules } from './registry-tables.ts';
import { replaceBlocks } from './replace-blocks.ts';
import { renderSettings } from './settings-table.ts';

/** A file that is generated, as a whole or in parts. */
export type Output = { readonly path: string; readonly content: string; readonly faults: readonly string[] };

export const readmePath = 'README.md';

export function renderCrd(crd: CustomResourceDefinition): string {
  return `# Generated from src/api by \`npm run generate\`; do not edit.\n${yamlOf([crd])}`;
}

export function readmeBlocks(): Readonly<Record<string, string>> {
  return {
    'policy-reference': renderPolicyReference(structuralSchema(workloadPolicy)),
    'quota-reference': renderPolicyReference(structuralSchema(tenantQuota)),
    rules: renderRules(rules),
    mutations: renderMutations(mutations),
    metrics: renderMetrics(metricNames),
    alerts: renderAlerts(alerts(defaults.replicas)),
    'bad-requests': renderReasons(badRequestReasons),
    settings: renderSettings(settings, flagName),
  };
}

/** Aligned as `npm run format` would, so that the two never undo each other's work. */
async function formatted(markdown: string): Promise<string> {
  return format(markdown, { ...(await resolveConfig(import.meta.filename)), parser: 'markdown' });
}

/** Everything that is generated; `readme` is the present text, of which only blocks are. */
export async function renderOutputs(readme: string): Promise<readonly Output[]> {
  const crds = customResourceDefinitions().map((crd) => ({
    path: `manifests/crds/${crd.spec.names.plural}.yaml`,
    content: renderCrd(crd),
    faults: [],
  }));
  const manifests = [...kustomizeFiles(), ...helmFiles()].map((file) => ({ ...file, faults: [] }));
  const blocks = await Promise.all(
    Object.entries(readmeBlocks()).map(async ([name, text]) => [name, await formatted(text)] as const),
  );
  const { text, faults } = replaceBlocks(readme, Object.fromEntries(blocks));
  return [...crds, ...manifests, { path: readmePath, content: text, faults }];
}
