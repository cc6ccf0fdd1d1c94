import type { Fields } from './log.ts';

/** Deep enough for every chain seen; an error that is its own cause must end somewhere. */
const maxCauses = 5;

export type SerializedError = {
  readonly type: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly code?: string;
  readonly cause?: SerializedError | string;
};

/** What an error says, as plain data: JSON.stringify(error) is `{}`. */
function serializeError(error: Error, causesLeft: number = maxCauses): SerializedError {
  const { cause } = error;
  return {
    type: error.name,
    message: error.message,
    stack: error.stack,
    ...('code' in error && typeof error.code === 'string' ? { code: error.code } : {}),
    ...(cause === undefined || causesLeft === 0
      ? {}
      : { cause: cause instanceof Error ? serializeError(cause, causesLeft - 1) : textOf(cause) }),
  };
}

/** The fields with each Error among them turned into data; the very same object when there is none. */
export function serializeErrors(fields: Fields): Record<string, unknown> {
  for (const key in fields) {
    if (fields[key] instanceof Error) {
      return Object.fromEntries(
        Object.entries(fields).map(([name, value]) => [name, value instanceof Error ? serializeError(value) : value]),
      );
    }
  }
  return fields;
}

function textOf(value: unknown): string {
  try {
    return typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  } catch {
    return 'a value that cannot be shown';
  }
}
