/** An object that does not fit its kind. The API server never sends one; files and strangers do. */
export class MalformedObject extends Error {
  override readonly name = 'MalformedObject';

  /** Field path as Kubernetes prints it, such as `spec.containers[0].env`; empty for the object itself. */
  readonly path: string;

  /** What is due at the path, such as `a list`. */
  readonly due: string;

  constructor(path: string, due: string) {
    super(`${path === '' ? 'the object' : path} must be ${due}`);
    this.path = path;
    this.due = due;
  }

  /** The same finding, seen from an object that holds this one at `parent`. */
  within(parent: string): MalformedObject {
    const separator = this.path === '' || this.path.startsWith('[') ? '' : '.';
    return new MalformedObject(`${parent}${separator}${this.path}`, this.due);
  }
}

/**
 * Readers know only paths relative to what they read. The reader of the parent adds the field's name when an error
 * passes it, so that no strings are joined while nothing is wrong.
 */
export function relocated(error: unknown, parent: string): unknown {
  return error instanceof MalformedObject ? error.within(parent) : error;
}
