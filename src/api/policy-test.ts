import { z } from 'zod';
import { objectName } from './fields.ts';
import { isPlainObject, type PlainObject } from '../api/plain-object.ts';

/**
 * PolicyTest: a suite of cases for policies and quotas, judged offline by `gpugate test`. Not a custom resource.
 * Paths are relative to the suite's own file.
 */

const path = z.string().min(1).max(4096);

const isPathOrObject = (value: unknown): value is string | PlainObject =>
  (typeof value === 'string' && value !== '') || isPlainObject(value);

/** Not a union: what is wrong with it is one sentence, and unknown fields of an object are the object's own. */
const pathOrObject = z
  .unknown()
  .refine(isPathOrObject, { error: 'must be the path of a file or an object' })
  .transform((value) => value);

const pathOrObjects = z.array(pathOrObject).min(1);

export const testOperations = ['CREATE', 'UPDATE', 'DELETE'] as const;

const user = z.string().max(1024);
const groups = z.array(z.string().max(1024));
/** `gpu-mixed`, or of one policy alone `platform/gpu-mixed`. */
const rule = z.string().min(1).max(320);

const operation = z.strictObject({
  op: z.enum(['add', 'replace', 'remove', 'move', 'copy', 'test']),
  path: z.string().max(4096).describe('A JSON pointer.'),
  from: z.string().max(4096).optional(),
  value: z.unknown().optional(),
});

const fields = z.record(z.string(), z.unknown());

const expectation = z.strictObject({
  decision: z.enum(['Allow', 'Deny', 'Undecided']).default('Allow').describe('Of the last object.'),
  rules: z
    .array(rule)
    .optional()
    .describe('Ids of all rules that find something, whatever is enforced; `POLICY/RULE` for those of one policy.'),
  message: z.string().optional().describe('What the user reads, word for word.'),
  messageContains: z.array(z.string().min(1)).min(1).optional().describe('Texts that are in the message.'),
  messageMatches: z.string().min(1).optional().describe('A regular expression (RE2) that the message holds.'),
  warnings: z.array(z.string()).optional().describe('All warnings in order, word for word.'),
  warningsContain: z.array(z.string().min(1)).min(1).optional().describe('Texts, each in some warning.'),
  patch: z.array(operation).optional().describe('The whole patch (RFC 6902); the order of paths does not count.'),
  object: fields.optional().describe('Fields of the object after its mutations; what is not named does not count.'),
  exactObject: fields.optional().describe('The whole object after its mutations.'),
});

type Named = { readonly name: string };

function uniqueNames(cases: readonly Named[], context: z.RefinementCtx) {
  const first = new Map<string, number>();
  for (const [index, { name }] of cases.entries()) {
    const before = first.get(name);
    if (before === undefined) first.set(name, index);
    else {
      const message = `case ${JSON.stringify(name)} is in the list twice, also at cases[${before}]`;
      context.addIssue({ code: 'custom', path: [index, 'name'], message });
    }
  }
}

const testCase = z.strictObject({
  name: z.string().min(1).max(512),
  objects: pathOrObjects.describe(
    'Files or objects, applied in order. Those before the last are created first, and must be allowed.',
  ),
  oldObject: pathOrObject.optional().describe('What the last object updates.'),
  operation: z.enum(testOperations).optional().describe('Absent: UPDATE with an `oldObject`, else the default.'),
  namespace: objectName.optional().describe('Of objects that name none.'),
  user: user.optional(),
  groups: groups.optional(),
  snapshot: path.optional().describe('In the place of that of the suite.'),
  expect: expectation.optional().describe('Absent: the object is allowed.'),
});

export const policyTest = z.strictObject({
  apiVersion: z.literal('gpugate.dev/v1alpha1'),
  kind: z.literal('PolicyTest'),
  metadata: z.looseObject({ name: objectName }),
  policies: z.array(path).default([]).describe('Files and directories of WorkloadPolicies, and of TenantQuotas.'),
  quotas: z.array(path).default([]).describe('Files and directories of more TenantQuotas.'),
  snapshot: path.optional().describe('A ClusterSnapshot; absent: a cluster without nodes.'),
  defaults: z
    .strictObject({
      namespace: objectName.default('default').describe('Of objects that name none.'),
      user: user.default('tester'),
      groups: groups.default(['system:authenticated']),
      operation: z.enum(['CREATE', 'DELETE']).default('CREATE'),
    })
    .prefault({})
    .describe('What cases do not say themselves.'),
  cases: z.array(testCase).min(1).superRefine(uniqueNames),
});

export type PolicyTest = z.output<typeof policyTest>;
export type PolicyTestCase = z.output<typeof testCase>;
export type Expectation = z.output<typeof expectation>;
