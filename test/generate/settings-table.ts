import type { z } from 'zod';
import { code, markdownTable } from './markdown-table.ts';

function defaultOf(schema: z.ZodType): string {
  const { def } = schema;
  if (!('defaultValue' in def)) return '';
  const { defaultValue } = def;
  if (Array.isArray(defaultValue)) return defaultValue.map((item) => code(String(item))).join(', ');
  return code(String(defaultValue));
}

/** Each as a flag; its name in the environment and in the file follow from that. */
export function renderSettings(
  settings: Readonly<Record<string, z.ZodType>>,
  flagName: (key: string) => string,
): string {
  const rows = Object.entries(settings).map(([key, schema]) => [
    code(`--${flagName(key)}`),
    defaultOf(schema),
    schema.description ?? '',
  ]);
  return markdownTable(['Setting', 'Default', 'Meaning'], rows);
}
