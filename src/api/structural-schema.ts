import { z } from 'zod';

/**
 * OpenAPI v3 as a CustomResourceDefinition can contain it:
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
 */
export type StructuralSchema = {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, StructuralSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: StructuralSchema;
  readonly items?: StructuralSchema;
  readonly 'x-kubernetes-int-or-string'?: true;
  readonly 'x-kubernetes-validations'?: readonly { readonly rule: string; readonly message: string }[];
  /** Bounds and patterns, which are copied and never read. */
  readonly [keyword: string]: unknown;
};

/** A schema that names its own apiVersion and kind, as that of each of our resources does. */
export type ResourceSchema = z.ZodType & {
  readonly shape: { readonly apiVersion: z.ZodLiteral<string>; readonly kind: z.ZodLiteral<string> };
};

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** Keywords that mean the same in both. */
const copied = [
  'type',
  'description',
  'default',
  'enum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'maxProperties',
  'required',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
] as const;

/** Keywords that {@link convert} translates, or leaves out on purpose. */
const translated = [
  '$schema',
  'properties',
  'additionalProperties',
  'propertyNames',
  'items',
  'const',
  'anyOf',
  'format',
  'pattern',
  'minimum',
  'maximum',
  'x-kubernetes-int-or-string',
  'x-kubernetes-validations',
];

function pick(from: JsonSchema, keywords: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(keywords.filter((keyword) => from[keyword] !== undefined).map((k) => [k, from[k]]));
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null;
}

/** zod gives every integer the bounds of JavaScript, which say nothing about the field. */
function bounds(schema: JsonSchema): Record<string, unknown> {
  return pick(
    schema,
    ['minimum', 'maximum'].filter(
      (side) => Number.isSafeInteger(schema[side]) && Math.abs(Number(schema[side])) < Number.MAX_SAFE_INTEGER,
    ),
  );
}

/** The API server knows `date-time`. The pattern of zod would only repeat it in 300 characters. */
function textForm(schema: JsonSchema): Record<string, unknown> {
  return schema.format === 'date-time' ? { format: 'date-time' } : pick(schema, ['pattern']);
}

function keyRules(keys: unknown): readonly { rule: string; message: string }[] {
  if (!isSchema(keys) || keys.pattern === undefined) return [];
  const shape = (keys.description ?? `of the form ${keys.pattern}`).replace(/^A/, 'a').replace(/\.$/, '');
  // A JSON string is a valid CEL string with the same escapes.
  return [
    { rule: `self.all(key, key.matches(${JSON.stringify(keys.pattern)}))`, message: `every key must be ${shape}` },
  ];
}

function members(schema: JsonSchema, path: string): Record<string, unknown> {
  const { properties, additionalProperties, items } = schema;
  const open = isSchema(additionalProperties) && properties === undefined ? additionalProperties : undefined;
  return {
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties)
          .filter(([, child]) => isSchema(child))
          .map(([name, child]) => [name, convert(child as JsonSchema, `${path}.${name}`)]),
      ),
    }),
    // A structural schema cannot have both, so a loose object with its own fields is pruned to them.
    ...(open && { additionalProperties: convert(open, `${path}[*]`) }),
    ...(isSchema(items) && !Array.isArray(items) && { items: convert(items, `${path}[]`) }),
  };
}

function convert(schema: JsonSchema, path: string): StructuralSchema {
  const unknown = Object.keys(schema).filter((keyword) => ![...copied, ...translated].includes(keyword));
  if (unknown.length > 0) throw new Error(`${path}: a structural schema cannot say ${unknown.join(', ')}`);
  const rules = [
    ...keyRules(schema.propertyNames),
    ...((schema['x-kubernetes-validations'] ?? []) as { rule: string; message: string }[]),
  ];
  const isIntOrString = schema['x-kubernetes-int-or-string'] === true;
  if (schema.anyOf !== undefined && !isIntOrString) throw new Error(`${path}: a structural schema cannot say anyOf`);
  return {
    ...pick(schema, copied),
    ...(schema.const !== undefined && { enum: [schema.const] }),
    // The only `anyOf` that a structural schema allows, in exactly this form.
    ...(isIntOrString && { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] }),
    ...textForm(schema),
    ...bounds(schema),
    ...members(schema, path),
    ...(rules.length > 0 && { 'x-kubernetes-validations': rules }),
  };
}

/** The schema of what users write, before defaults. Throws when the schema says something that a CRD cannot. */
export function structuralSchema(schema: z.ZodType): StructuralSchema {
  return convert(z.toJSONSchema(schema, { io: 'input', reused: 'inline' }), '');
}
