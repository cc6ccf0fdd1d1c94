import { certificateModes, spreads } from '../../../src/cli/manifests/install-settings.ts';
import { fixedFlags } from '../../../src/cli/manifests/pod-flags.ts';
import { defaults } from './settings.ts';

type Value = { readonly about: string; readonly value: unknown; readonly schema: object };

const text = { type: 'string', minLength: 1 };
const quantities = { type: 'object', additionalProperties: { type: ['string', 'number'] } };

/** Service, probes and policies of the manifests rest on them; Helm's regular expressions look nowhere ahead. */
const fixedFlag = `^--(${[...fixedFlags].join('|')})(=|$)`;

/** The settings of the chart: values.yaml and its schema. */
export const helmValues: Readonly<Record<string, Value>> = {
  image: { about: 'Image of gpugate, with its registry and tag.', value: defaults.image, schema: text },
  replicas: {
    about: 'More than a few only meet each other at the quota ledger.',
    value: defaults.replicas,
    schema: { type: 'integer', minimum: 1, maximum: 20 },
  },
  certificates: {
    about: `Who makes the serving certificate: ${certificateModes.join(', ')}.`,
    value: defaults.certificates,
    schema: { enum: certificateModes },
  },
  caBundle: {
    about: 'PEM of the CA that signs the Secret gpugate-serving; for certificates: files, and only there.',
    value: '',
    schema: { type: 'string' },
  },
  spread: {
    about: 'Whether replicas on one node, or in one zone, are avoided (preferred) or never scheduled (required).',
    value: defaults.spread,
    schema: { enum: spreads },
  },
  podsFailurePolicy: {
    about: 'What happens to objects that touch no GPU while gpugate is down: Ignore or Fail.',
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
    about: 'Labels of the nodes that replicas, and the Job of the doctor, may run on.',
    value: defaults.nodeSelector,
    schema: { type: 'object', additionalProperties: { type: 'string' } },
  },
  tolerations: {
    about: 'Taints that they tolerate, as in a pod.',
    value: defaults.tolerations,
    schema: { type: 'array', items: { type: 'object' } },
  },
  serveFlags: {
    about: 'More arguments of `gpugate serve`, such as --log-level=debug: see the settings in the README.',
    value: defaults.serveFlags,
    schema: { type: 'array', items: { type: 'string', pattern: '^--[a-z-]+(=.*)?$', not: { pattern: fixedFlag } } },
  },
  resources: {
    about: 'Of each replica. Without a limit on CPU, no admission waits for the next period of the quota.',
    value: defaults.resources,
    schema: {
      type: 'object',
      additionalProperties: false,
      properties: { requests: quantities, limits: quantities },
    },
  },
  monitoring: {
    about: 'Also a ServiceMonitor, a PrometheusRule and a dashboard; needs the Prometheus operator.',
    value: defaults.monitoring,
    schema: { type: 'boolean' },
  },
  doctor: {
    about: 'Whether a Job looks, after each install and upgrade, for what is wrong; Helm waits for it.',
    value: { enabled: true },
    schema: { type: 'object', additionalProperties: false, properties: { enabled: { type: 'boolean' } } },
  },
};

export const helmValuesSchema: object = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  type: 'object',
  additionalProperties: false,
  properties: {
    // Helm adds it by itself.
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
