/** The command line or an input file is wrong; the message says where and what to do. Exit code 2. */
export class InputError extends Error {
  override readonly name = 'InputError';
}
