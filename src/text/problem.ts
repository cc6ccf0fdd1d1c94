/** A place in a file; both count from 1. */
export type Position = { readonly line: number; readonly column: number };

/** Something wrong with a file. A value and not an exception, so that all problems of a file are reported together. */
export type Problem = Position & {
  readonly file: string;
  /** A field path as Kubernetes writes it: `spec.gpu.maxPerPod[nvidia.com/gpu]`. Empty: the whole document or file. */
  readonly field: string;
  readonly message: string;
};

/** Something wrong with a file as a whole, for example that it cannot be read. */
export function fileProblem(file: string, message: string): Problem {
  return { file, line: 1, column: 1, field: '', message };
}

/** Keys and indexes from the root of the document. */
export type FieldPath = readonly PropertyKey[];

/** The form that editors and terminals turn into links: `policies/platform.yaml:12:5 spec.mps.vram: must be ...`. */
export function formatProblem({ file, line, column, field, message }: Problem): string {
  return `${file}:${line}:${column} ${field === '' ? '' : `${field}: `}${message}`;
}

/** Keys that can follow a dot. Others, such as label keys, are put in brackets. */
const plainKey = /^[A-Za-z_$][\w$-]*$/;

export function formatField(path: FieldPath): string {
  return path
    .map((segment) => (plainKey.test(String(segment)) ? `.${String(segment)}` : `[${String(segment)}]`))
    .join('')
    .replace(/^\./, '');
}

/** The inverse of {@link formatField}. Every segment is text, because a list accepts `0` as well as 0. */
export function parseField(field: string): FieldPath {
  return Array.from(field.matchAll(/\[([^\]]*)\]|[^.[\]]+/g), ([whole, bracketed]) => bracketed ?? whole);
}
