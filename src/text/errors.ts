/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The command line or an input file is wrong. The message says where, and what to do. Exit code 2. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

const causes: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'cannot be read: permission denied',
  EISDIR: 'is a directory, not a file',
  ELOOP: 'is a link that leads to itself',
};

/** Why a file cannot be read: the end of a sentence that begins with its path. */
export function explainFileError(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return causes[code] ?? `cannot be read: ${messageOf(error)}`;
}
