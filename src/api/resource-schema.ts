import type { z } from 'zod';

/** A schema that names its own apiVersion and kind, as that of each of our resources does. */
export type ResourceSchema = z.ZodType & {
  readonly shape: { readonly apiVersion: z.ZodLiteral<string>; readonly kind: z.ZodLiteral<string> };
};
