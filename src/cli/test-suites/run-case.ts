import { createHash } from 'node:crypto';
import type { Outcome } from '../../admission/decision.ts';
import type { FindExemption } from '../../admission/exemption.ts';
import { messageOf } from '../../api/message-of.ts';
import type { Expectation } from '../../api/policy-test.ts';
import type { Operation } from '../../mutations/apply.ts';
import { createOfflineJudge, type Judged, type OfflineJudge } from '../judge/offline-judge.ts';
import { requestsOf } from './case-requests.ts';
import type { CaseObject, Suite, SuiteCase } from './suite.ts';

/** What a case's last object met. */
export type Got = {
  readonly decision: Expectation['decision'];
  /** What the user reads when it is not allowed; else empty. */
  readonly message: string;
  readonly findings: Outcome['findings'];
  readonly warnings: readonly string[];
  readonly patch: readonly Operation[];
  readonly object: unknown;
};

export type CaseRun = {
  readonly case: SuiteCase;
  /** Or why there is nothing to compare. */
  readonly result:
    | { readonly kind: 'judged'; readonly got: Got }
    /** An object before the last was not allowed. */
    | { readonly kind: 'refused before'; readonly object: CaseObject; readonly message: string }
    | { readonly kind: 'failed'; readonly cause: string };
  /** Of all objects. */
  readonly outcomes: readonly Outcome[];
  readonly durationMs: number;
};

const decisions = { allow: 'Allow', deny: 'Deny', undecided: 'Undecided' } as const;

/** Applies the objects of a case in order, to a cluster of its own. Never rejects. */
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
    const judge = createOfflineJudge({
      policies: suite.policies,
      facts: cluster.facts,
      quota: { quotas, pods: cluster.pods },
      findExemption,
    });
    for (const [index, object] of objects.entries()) {
      const judged = await judgeObject(judge, testCase, index);
      outcomes.push(...judged.map(({ outcome }) => outcome));
      const got = gotOf(judged);
      if (index === objects.length - 1) return ended({ kind: 'judged', got });
      if (got.decision !== 'Allow') return ended({ kind: 'refused before', object, message: got.message });
    }
    throw new Error('a case has at least one object.');
  } catch (error) {
    return ended({ kind: 'failed', cause: messageOf(error) });
  }
}

async function judgeObject(judge: OfflineJudge, testCase: SuiteCase, index: number): Promise<readonly Judged[]> {
  const { objects, oldObject, operation, user, namespace } = testCase;
  const found = objects[index];
  if (found === undefined) return [];
  const isLast = index === objects.length - 1;
  const requests = requestsOf(found.object, {
    operation: isLast ? operation : 'CREATE',
    user,
    namespace,
    uid: uidOf(testCase, index),
    ...(isLast && oldObject !== undefined ? { oldObject: oldObject.object } : {}),
  });
  const judged: Judged[] = [];
  for (const request of requests) judged.push(await judge(request));
  return judged;
}

/** The same in every run, so that whatever is derived from it is too. */
function uidOf({ place, index }: SuiteCase, object: number): string {
  const hex = createHash('sha256').update(`${place.file}\n${index}\n${object}`).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}

/** A workload and its pods are one answer: the strictest decision, and everything that was found. */
function gotOf(judged: readonly Judged[]): Got {
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
  };
}
