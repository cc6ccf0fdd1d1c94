import { createMutatePods, createValidate, type AdmissionSources } from '../../src/admission/admit.ts';
import type { HandleReview } from '../../src/http/reviews.ts';
import { compileExemptions } from '../../src/admission/exemption.ts';
import { createHandleReview } from '../../src/http/reviews.ts';
import { compilePolicy } from '../../src/admission/policy-set.ts';
import { systemNamespaces } from '../../src/api/webhook-configuration.ts';
import { SnapshotFile } from '../../src/files/snapshot-file.ts';
import { loadPolicies } from '../../src/cli/input/load-rules.ts';
import { createMetrics, type ExposedMetrics } from '../../src/telemetry/metrics.ts';
import { createSilentLog } from '../../src/telemetry/log.ts';
import { examplePolicies, exampleSnapshot } from './examples.ts';
import { createRecordingLog } from './recording-log.ts';

/** The sources of the example policies and snapshot, as `serve --embedded` has them. */
export async function exampleSources(): Promise<AdmissionSources> {
  const policies = (await loadPolicies([examplePolicies])).map(compilePolicy);
  const { facts } = await new SnapshotFile({ path: exampleSnapshot }).reload();
  return {
    policies: () => policies,
    cluster: () => facts,
    findExemption: compileExemptions({ namespaces: systemNamespaces, users: [], groups: [] }),
    maxStalenessMs: 60_000,
  };
}

export type Telemetry = { log: ReturnType<typeof createRecordingLog>; metrics: ExposedMetrics };

export function recordingTelemetry(): Telemetry {
  return {
    log: createRecordingLog(),
    metrics: createMetrics({ version: 'test', processMetrics: false }),
  };
}

/** Both kinds of webhook over the example policies, without a server. */
export async function exampleHandlers(): Promise<Map<'mutate' | 'validate', HandleReview>> {
  const sources = await exampleSources();
  const telemetry = { ...recordingTelemetry(), log: createSilentLog() };
  return new Map([
    ['mutate', createHandleReview('pods.mutate', createMutatePods(sources), telemetry)],
    ['validate', createHandleReview('gpu.validate', createValidate(sources, { needsFreshView: true }), telemetry)],
  ]);
}
