/**
 * What the API server has to know of PolicyReport and ClusterPolicyReport, wgpolicyk8s.io/v1alpha2: fields, types, enums
 * and what is required, as the working group has published them (kubernetes-sigs/wg-policy-prototypes, Apache-2.0, CRDs
 * of controller-gen v0.5.0). Written down here in our own words, so that a test needs no download; what we leave empty
 * is not all there. Strict field validation refuses whatever stands in a report and not here.
 */

type Schema = Readonly<Record<string, unknown>>;

const text: Schema = { type: 'string' };
const whole: Schema = { type: 'integer' };
const oneOf = (...values: readonly string[]): Schema => ({ type: 'string', enum: values });
const texts: Schema = { type: 'object', additionalProperties: text };
const listOf = (items: Schema): Schema => ({ type: 'array', items });
const fields = (properties: Readonly<Record<string, Schema>>, ...required: readonly string[]): Schema => ({
  type: 'object',
  properties,
  ...(required.length === 0 ? {} : { required }),
});

/** core/v1 ObjectReference. */
const reference = fields({
  apiVersion: text,
  fieldPath: text,
  kind: text,
  name: text,
  namespace: text,
  resourceVersion: text,
  uid: text,
});
const requirement = fields({ key: text, operator: text, values: listOf(text) }, 'key', 'operator');
const selector = fields({ matchExpressions: listOf(requirement), matchLabels: texts });

const result = fields(
  {
    category: text,
    message: text,
    policy: text,
    properties: texts,
    resourceSelector: selector,
    resources: listOf(reference),
    result: oneOf('pass', 'fail', 'warn', 'error', 'skip'),
    rule: text,
    scored: { type: 'boolean' },
    severity: oneOf('high', 'low', 'medium'),
    source: text,
    timestamp: fields(
      { seconds: { ...whole, format: 'int64' }, nanos: { ...whole, format: 'int32' } },
      'seconds',
      'nanos',
    ),
  },
  'policy',
);

const report = fields({
  apiVersion: text,
  kind: text,
  metadata: { type: 'object' },
  results: listOf(result),
  scope: reference,
  scopeSelector: selector,
  summary: fields({ error: whole, fail: whole, pass: whole, skip: whole, warn: whole }),
});

export const policyReportCrds = (['PolicyReport', 'ClusterPolicyReport'] as const).map((kind) => {
  const singular = kind.toLowerCase();
  const plural = `${singular}s`;
  const version = { name: 'v1alpha2', served: true, storage: true, schema: { openAPIV3Schema: report } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.wgpolicyk8s.io` },
    spec: {
      group: 'wgpolicyk8s.io',
      names: { kind, listKind: `${kind}List`, plural, singular },
      scope: kind === 'PolicyReport' ? 'Namespaced' : 'Cluster',
      versions: [version],
    },
  };
});
