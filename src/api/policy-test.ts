import { z } from 'zod';
import { objectName } from './fields.ts';
import { isPlainObject, type PlainObject } from '../api/plain-object.ts';

/**
 * PolicyTest: a suite of cases for policies and quotas, which `gpugate test` runs offline. It is not a custom resource.
 * Paths are relative to the file of the suite.
 */

const path = z.string().min(1).max(4096);

const isPathOrObject = (value: unknown): value is string | PlainObject =>
  (typeof value === 'string' && value !== '') || isPlainObject(value);

/** Not a union, so that an error is one sentence, and unknown fields of the object are not reported. */
const pathOrObject = z
  .unknown()
  .refine(isPathOrObject, { error: 'must be a path or an object' })
  .transform((value) => value);

const pathOrObjects = z.array(pathOrObject).min(1);

export const testOperations = ['CREATE', 'UPDATE', 'DELETE'] as const;

const user = z.string().max(1024);
const groups = z.array(z.string().max(1024));
/** `gpu-mixed`, or `platform/gpu-mixed` for one policy. */
const rule = z.string().min(1).max(320);

const operation = z.strictObject({
  op: z.enum(['add', 'replace', 'remove', 'move', 'copy', 'test']),
  path: z.string().max(4096).describe('A JSON pointer.'),
  from: z.string().max(4096).optional(),
  value: z.unknown().optional(),
});

const fields = z.record(z.string(), z.unknown());

const expectation = z.strictObject({
  decision: z.enum(['Allow', 'Deny', 'Undecided']).default('Allow').describe('The decision about the last object.'),
  rules: z
    .array(rule)
    .optional()
    .describe(
      'Ids of all rules that find a violation, with any enforcement. `POLICY/RULE` names the rule of one policy.',
    ),
  message: z.string().optional().describe('The message that the user reads, word for word.'),
  messageContains: z.array(z.string().min(1)).min(1).optional().describe('Texts that the message contains.'),
  messageMatches: z
    .string()
    .min(1)
    .optional()
    .describe('A regular expression (RE2) that matches a part of the message.'),
  warnings: z.array(z.string()).optional().describe('All warnings in order, word for word.'),
  warningsContain: z.array(z.string().min(1)).min(1).optional().describe('Texts, each of which some warning contains.'),
  patch: z.array(operation).optional().describe('The whole patch (RFC 6902). The order of paths does not matter.'),
  object: fields.optional().describe('Fields of the object after its mutations. Other fields are not compared.'),
  exactObject: fields.optional().describe('The whole object after its mutations.'),
});

type Named = { readonly name: string };

function uniqueNames(cases: readonly Named[], context: z.RefinementCtx) {
  const first = new Map<string, number>();
  for (const [index, { name }] of cases.entries()) {
    const before = first.get(name);
    if (before === undefined) first.set(name, index);
    else {
      const message = `duplicate name ${JSON.stringify(name)}, also at cases[${before}]`;
      context.addIssue({ code: 'custom', path: [index, 'name'], message });
    }
  }
}

const testCase = z.strictObject({
  name: z.string().min(1).max(512),
  objects: pathOrObjects.describe(
    'Files or objects, applied in order. All but the last are created first, and must be allowed.',
  ),
  oldObject: pathOrObject.optional().describe('The object before the update by the last object.'),
  operation: z.enum(testOperations).optional().describe('Absent: UPDATE if there is an `oldObject`, else the default.'),
  namespace: objectName.optional().describe('For objects without a namespace.'),
  user: user.optional(),
  groups: groups.optional(),
  snapshot: path.optional().describe('Replaces the snapshot of the suite.'),
  expect: expectation.optional().describe('Absent: the object must be allowed.'),
});

export const policyTest = z.strictObject({
  apiVersion: z.literal('gpugate.dev/v1alpha1'),
  kind: z.literal('PolicyTest'),
  metadata: z.looseObject({ name: objectName }),
  policies: z.array(path).default([]).describe('Files and directories with WorkloadPolicies and TenantQuotas.'),
  quotas: z.array(path).default([]).describe('Files and directories with more TenantQuotas.'),
  snapshot: path.optional().describe('A ClusterSnapshot. Absent: a cluster without nodes.'),
  defaults: z
    .strictObject({
      namespace: objectName.default('default').describe('For objects without a namespace.'),
      user: user.default('tester'),
      groups: groups.default(['system:authenticated']),
      operation: z.enum(['CREATE', 'DELETE']).default('CREATE'),
    })
    .prefault({})
    .describe('Defaults for the cases.'),
  cases: z.array(testCase).min(1).superRefine(uniqueNames),
});

export type PolicyTest = z.output<typeof policyTest>;
export type PolicyTestCase = z.output<typeof testCase>;
export type Expectation = z.output<typeof expectation>;
