import { certificateModes, spreads } from '../../../src/cli/manifests/install-settings.ts';
import { fixedFlags } from '../../../src/cli/manifests/pod-flags.ts';
import { defaults } from './settings.ts';

type Value = { readonly about: string; readonly value: unknown; readonly schema: object };

const text = { type: 'string', minLength: 1 };
const quantities = { type: 'object', additionalProperties: { type: ['string', 'number'] } };

/** Service, probes and policies of the manifests depend on these flags. Helm's regular expressions have no lookahead. */
const fixedFlag = `^--(${[...fixedFlags].join('|')})(=|$)`;

/** The settings of the chart: values.yaml and its schema. */
export const helmValues: Readonly<Record<string, Value>> = {
  image: { about: 'Image of gpugate, with its registry and tag.', value: defaults.image, schema: text },
  replicas: {
    about: 'With more than a few, replicas mostly compete for the quota ledger.',
    value: defaults.replicas,
    schema: { type: 'integer', minimum: 1, maximum: 20 },
  },
  certificates: {
    about: `Who issues the serving certificate: ${certificateModes.join(', ')}.`,
    value: defaults.certificates,
    schema: { enum: certificateModes },
  },
  caBundle: {
    about: 'PEM of the CA that signs the Secret gpugate-serving. Only for certificates: files.',
    value: '',
    schema: { type: 'string' },
  },
  spread: {
    about: 'Whether two replicas on one node or in one zone are avoided (preferred) or never scheduled (required).',
    value: defaults.spread,
    schema: { enum: spreads },
  },
  podsFailurePolicy: {
    about: 'What happens to objects that touch no GPU while gpugate is down: they pass (Ignore) or are refused (Fail).',
    value: defaults.podsFailurePolicy,
    schema: { enum: ['Ignore', 'Fail'] },
  },
  priorityClassName: { about: 'Priority class of the replicas.', value: defaults.priorityClassName, schema: text },
  imagePullSecrets: {
    about: 'Secrets of the namespace for the registry of the image, each as { name: ... }.',
    value: defaults.imagePullSecrets,
    schema: {
      type: 'array',
      items: { type: 'object', additionalProperties: false, required: ['name'], properties: { name: text } },
    },
  },
  nodeSelector: {
    about: 'Labels of the nodes on which the replicas and the Job of the doctor may run.',
    value: defaults.nodeSelector,
    schema: { type: 'object', additionalProperties: { type: 'string' } },
  },
  tolerations: {
    about: 'Tolerations of the same pods.',
    value: defaults.tolerations,
    schema: { type: 'array', items: { type: 'object' } },
  },
  serveFlags: {
    about: 'More flags of `gpugate serve`, such as --log-level=debug. manifests/README.md lists them.',
    value: defaults.serveFlags,
    schema: { type: 'array', items: { type: 'string', pattern: '^--[a-z-]+(=.*)?$', not: { pattern: fixedFlag } } },
  },
  resources: {
    about: 'Resources of each replica. A CPU limit would make admissions wait for the next period.',
    value: defaults.resources,
    schema: {
      type: 'object',
      additionalProperties: false,
      properties: { requests: quantities, limits: quantities },
    },
  },
  monitoring: {
    about: 'Whether to install a ServiceMonitor, a PrometheusRule and a dashboard. Needs the Prometheus operator.',
    value: defaults.monitoring,
    schema: { type: 'boolean' },
  },
  doctor: {
    about: 'Whether a Job checks the installation after each install and upgrade. Helm waits for it.',
    value: { enabled: true },
    schema: { type: 'object', additionalProperties: false, properties: { enabled: { type: 'boolean' } } },
  },
};

export const helmValuesSchema: object = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'object',
  additionalProperties: false,
  properties: {
    // Helm adds this one itself.
    global: { type: 'object' },
    ...Object.fromEntries(Object.entries(helmValues).map(([name, { schema }]) => [name, schema])),
  },
  anyOf: [
    { properties: { certificates: { const: 'files' }, caBundle: { pattern: '^-----BEGIN CERTIFICATE-----' } } },
    {
      properties: {
        certificates: { enum: certificateModes.filter((mode) => mode !== 'files') },
        caBundle: { const: '' },
      },
    },
  ],
};
