/** Enough for every chain of causes seen. A limit is needed because an error can be its own cause. */
const maxCauses = 5;

type SerializedError = {
  readonly type: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly code?: string;
  readonly cause?: SerializedError | string;
};

/** An error as plain data, because JSON.stringify(error) is `{}`. */
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

/** The fields with each Error as data. Returns the same object when there is no Error, as in the line of every request. */
export function serializeErrors(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
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
