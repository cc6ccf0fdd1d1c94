import { type ResourceSchema, type StructuralSchema, structuralSchema } from './structural-schema.ts';
import { quotaLedger } from './quota-ledger.ts';
import { tenantQuota } from './tenant-quota.ts';
import { workloadPolicy } from './workload-policy.ts';

export type PrinterColumn = {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date';
  readonly jsonPath: string;
  readonly description?: string;
  /** Above 0: shown only with `-o wide`. */
  readonly priority?: number;
};

export type CustomResource = {
  readonly schema: ResourceSchema;
  readonly plural: string;
  readonly shortNames: readonly string[];
  readonly printerColumns: readonly PrinterColumn[];
};

/** The part of apiextensions.k8s.io/v1 that we use. */
export type CustomResourceDefinition = {
  readonly apiVersion: 'apiextensions.k8s.io/v1';
  readonly kind: 'CustomResourceDefinition';
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly spec: {
    readonly group: string;
    readonly scope: 'Cluster';
    readonly names: {
      readonly kind: string;
      readonly listKind: string;
      readonly plural: string;
      readonly singular: string;
      readonly shortNames: readonly string[];
      readonly categories: readonly string[];
    };
    readonly versions: readonly {
      readonly name: string;
      readonly served: boolean;
      readonly storage: boolean;
      readonly subresources: { readonly status: Readonly<Record<string, never>> };
      readonly additionalPrinterColumns: readonly PrinterColumn[];
      readonly schema: { readonly openAPIV3Schema: StructuralSchema };
    }[];
  };
};

const age: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };

/** The API server checks these three itself, and refuses a CRD with more about them. */
const typeMeta = {
  apiVersion: { type: 'string', description: 'The version of this schema.' },
  kind: { type: 'string', description: 'The kind of this object.' },
  metadata: { type: 'object' },
} satisfies Record<string, StructuralSchema>;

function openApiSchema(schema: ResourceSchema): StructuralSchema {
  const { required: all = [], ...whole } = structuralSchema(schema);
  // The API server requires apiVersion, kind and metadata of every object, and drops an empty `required`.
  const required = all.filter((name) => !(name in typeMeta));
  return {
    ...whole,
    ...(required.length === 0 ? {} : { required }),
    properties: { ...whole.properties, ...typeMeta },
  };
}

/** One version, which is served and stored. Only the status subresource can write the status. */
export function customResourceDefinition(resource: CustomResource): CustomResourceDefinition {
  const { schema, plural, shortNames, printerColumns } = resource;
  const kind = schema.shape.kind.value;
  const [group = '', version = ''] = schema.shape.apiVersion.value.split('/');
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}`, labels: { 'app.kubernetes.io/part-of': 'gpugate' } },
    spec: {
      group,
      scope: 'Cluster',
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: kind.toLowerCase(),
        shortNames,
        categories: ['gpugate'],
      },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: [...printerColumns, age],
          schema: { openAPIV3Schema: openApiSchema(schema) },
        },
      ],
    },
  };
}

export function workloadPolicyCrd(): CustomResourceDefinition {
  return customResourceDefinition({
    schema: workloadPolicy,
    plural: 'workloadpolicies',
    shortNames: ['wlp'],
    printerColumns: [
      {
        name: 'Enforcement',
        type: 'string',
        jsonPath: '.spec.enforcement',
        description: 'What a violation causes: Deny, Warn or Audit.',
      },
    ],
  });
}

export function tenantQuotaCrd(): CustomResourceDefinition {
  return customResourceDefinition({
    schema: tenantQuota,
    plural: 'tenantquotas',
    shortNames: ['tq'],
    printerColumns: [
      {
        name: 'Enforcement',
        type: 'string',
        jsonPath: '.spec.enforcement',
        description: 'What happens to a pod without room: Deny, Warn or Audit.',
      },
    ],
  });
}

export function quotaLedgerCrd(): CustomResourceDefinition {
  return customResourceDefinition({ schema: quotaLedger, plural: 'quotaledgers', shortNames: [], printerColumns: [] });
}

/** All custom resources, as `gpugate manifests crds` prints them. */
export function customResourceDefinitions(): readonly CustomResourceDefinition[] {
  return [quotaLedgerCrd(), tenantQuotaCrd(), workloadPolicyCrd()];
}
