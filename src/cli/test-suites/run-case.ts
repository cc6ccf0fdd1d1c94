import type { Outcome } from '../../admission/decision.ts';
import type { FindExemption } from '../../admission/exemption.ts';
import { messageOf } from '../../text/errors.ts';
import { isPlainObject, type PlainObject } from '../../api/plain-object.ts';
import type { Expectation } from '../../api/policy-test.ts';
import type { Operation } from '../../mutations/apply.ts';
import { createCountingJudge } from '../judge/counting-judge.ts';
import type { Judged } from '../judge/offline-judge.ts';
import { createRequestsOf, type ObjectRequest } from '../judge/requests-of.ts';
import type { CaseObject, Suite, SuiteCase } from './suite.ts';

/** The answer to the last object of a case. */
export type Got = {
  readonly decision: Expectation['decision'];
  /** What the user reads if the object is not allowed; otherwise empty. */
  readonly message: string;
  readonly findings: Outcome['findings'];
  readonly warnings: readonly string[];
  readonly patch: readonly Operation[];
  /** For a workload this is its pod, and so is the patch. */
  readonly object: unknown;
  /** Why nothing was judged. */
  readonly note?: string;
};

export type CaseRun = {
  readonly case: SuiteCase;
  /** The answer, or why there is nothing to compare. */
  readonly result:
    | { readonly kind: 'judged'; readonly got: Got }
    /** An object before the last was not allowed. */
    | { readonly kind: 'refused before'; readonly object: CaseObject; readonly message: string }
    | { readonly kind: 'failed'; readonly cause: string };
  /** Those of all objects. */
  readonly outcomes: readonly Outcome[];
  readonly durationMs: number;
};

const decisions = { allow: 'Allow', deny: 'Deny', undecided: 'Undecided' } as const;

/** Applies the objects of a case in order to a cluster of its own. Never rejects. */
export async function runCase(suite: Suite, testCase: SuiteCase, findExemption: FindExemption): Promise<CaseRun> {
  const start = performance.now();
  const outcomes: Outcome[] = [];
  const ended = (result: CaseRun['result']): CaseRun => ({
    case: testCase,
    result,
    outcomes,
    durationMs: performance.now() - start,
  });
  try {
    const { cluster, quotas, objects } = testCase;
    const judge = createCountingJudge({
      policies: suite.policies,
      facts: cluster.facts,
      quota: { quotas, pods: cluster.pods },
      findExemption,
      objects: objects.map(({ object }) => object),
    });
    const requestsOf = createRequestsOf({ user: testCase.user, namespace: testCase.namespace, kinds: suite.kinds });
    for (const [index, object] of objects.entries()) {
      const isLast = index === objects.length - 1;
      const asked = requestsOf(object.object);
      const requests = isLast ? requestsOfLast(asked.requests, testCase) : asked.requests;
      const judged: Judged[] = [];
      for (const request of requests) judged.push(await judge(request));
      outcomes.push(...judged.map(({ outcome }) => outcome));
      const got = gotOf(judged, asked.note);
      if (isLast) return ended({ kind: 'judged', got });
      if (got.decision !== 'Allow') return ended({ kind: 'refused before', object, message: got.message });
    }
    throw new Error('a case has at least one object.');
  } catch (error) {
    return ended({ kind: 'failed', cause: messageOf(error) });
  }
}

/**
 * For an update or a deletion, only the object itself is judged: controllers decide what happens to its pods. A recorded
 * review has its own operation.
 */
function requestsOfLast(
  requests: readonly ObjectRequest[],
  { operation, oldObject, objects, namespace }: SuiteCase,
): readonly ObjectRequest[] {
  if (operation === 'CREATE' || objects.at(-1)?.object['kind'] === 'AdmissionReview') return requests;
  return requests
    .filter(({ path }) => path === '')
    .map((asked) => {
      const object = placed(asked.request.object as PlainObject, namespace);
      const change =
        operation === 'DELETE'
          ? { object: null, oldObject: object }
          : { object, oldObject: oldObject === undefined ? null : placed(oldObject.object, namespace) };
      return { ...asked, request: { ...asked.request, operation, ...change } };
    });
}

/** The object as it is stored: the quota group of a pod depends on its namespace. */
function placed(object: PlainObject, namespace: string): PlainObject {
  const metadata = isPlainObject(object['metadata']) ? object['metadata'] : {};
  return metadata['namespace'] === undefined ? { ...object, metadata: { ...metadata, namespace } } : object;
}

/** Combines the answers for a workload and its pods: the strictest decision, and all findings. */
function gotOf(judged: readonly Judged[], note: string | undefined): Got {
  const kinds = new Set(judged.map(({ outcome }) => outcome.decision.kind));
  const kind = (['undecided', 'deny', 'allow'] as const).find((each) => kinds.has(each)) ?? 'allow';
  const last = judged.at(-1);
  return {
    decision: decisions[kind],
    message: judged.flatMap(({ message }) => message ?? []).join('\n'),
    findings: judged.flatMap(({ outcome }) => outcome.findings),
    warnings: judged.flatMap(({ outcome: { decision } }) => (decision.kind === 'undecided' ? [] : decision.warnings)),
    patch: last?.patch ?? [],
    object: last?.object,
    ...(note === undefined ? {} : { note }),
  };
}
