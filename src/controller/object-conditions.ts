import type { ApiClient } from '../cluster/client/client.ts';
import { readyCondition, type Condition, type WatchedObject } from '../cluster/watch/watched-objects.ts';
import type { Log } from '../telemetry/log.ts';

/** The condition for whether the present version of an object is in force. */
export function conditionFor(object: WatchedObject<unknown>, nowMs: number): Condition {
  const isInForce = object.problem === undefined;
  const status = isInForce ? 'True' : 'False';
  const before = object.condition;
  return {
    status,
    reason: isInForce ? 'InForce' : 'Invalid',
    message: isInForce
      ? 'This version is in force.'
      : `${object.problem}. ${object.good === undefined ? 'No version is in force.' : 'The last good version stays in force.'}`,
    observedGeneration: object.generation,
    lastTransitionTime:
      before !== undefined && before.status === status ? before.lastTransitionTime : new Date(nowMs).toISOString(),
  };
}

export type ObjectConditionsOptions = {
  readonly client: Pick<ApiClient, 'request'>;
  readonly log: Log;
  readonly kind: string;
  readonly plural: string;
  /** Wall clock in milliseconds. */
  readonly now: () => number;
};

/** Writes the conditions that changed: one write for each object and version. */
export async function writeConditions(
  objects: readonly WatchedObject<unknown>[],
  { client, log, kind, plural, now }: ObjectConditionsOptions,
): Promise<void> {
  for (const object of objects) {
    const condition = conditionFor(object, now());
    if (isUpToDate(object.condition, condition)) continue;
    const { name, generation } = object;
    try {
      await client.request({
        method: 'PATCH',
        path: `/apis/gpugate.dev/v1alpha1/${plural}/${name}/status?fieldManager=gpugate-conditions&force=true`,
        contentType: 'application/apply-patch+yaml',
        once: true,
        body: {
          apiVersion: 'gpugate.dev/v1alpha1',
          kind,
          metadata: { name },
          status: { observedGeneration: generation, conditions: [{ type: readyCondition, ...condition }] },
        },
      });
    } catch (error) {
      // The next change or look tries again.
      log.warn('a condition could not be written', { kind, name, error: (error as Error).message });
    }
  }
}

function isUpToDate(before: Condition | undefined, wanted: Condition): boolean {
  return (
    before !== undefined &&
    before.status === wanted.status &&
    before.message === wanted.message &&
    before.observedGeneration === wanted.observedGeneration
  );
}
