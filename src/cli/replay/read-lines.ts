import { open } from 'node:fs/promises';

export type Line = {
  /** Counts from 1. */
  readonly number: number;
  /** Undefined for a line that is longer than any record. */
  readonly text: string | undefined;
  /** Whether the line ends with a newline; the last one may be cut off. */
  readonly isWhole: boolean;
};

/** A record consists of a review, which has 7 MiB at most, and its answer. */
const maxLineBytes = 16 * 1024 * 1024;
const chunkBytes = 64 * 1024;
const newline = 0x0a;

/**
 * The lines of a file of any size, without empty ones. node:readline would also break lines at U+2028, and does not limit
 * their length. `onRead` gets the number of bytes of each read.
 */
export async function* readLines(path: string, onRead: (bytes: number) => void): AsyncGenerator<Line> {
  const file = await open(path, 'r');
  try {
    let number = 1;
    let parts: Buffer[] = [];
    let length = 0;
    const take = (end: Buffer, isWhole: boolean): Line => {
      const isTooLong = length + end.length > maxLineBytes;
      const text = isTooLong ? undefined : Buffer.concat([...parts, end]).toString('utf8');
      parts = [];
      length = 0;
      return { number: number++, text, isWhole };
    };
    for (;;) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(chunkBytes), 0, chunkBytes);
      if (bytesRead === 0) break;
      onRead(bytesRead);
      let rest = buffer.subarray(0, bytesRead);
      for (let at = rest.indexOf(newline); at !== -1; at = rest.indexOf(newline)) {
        const line = take(rest.subarray(0, at), true);
        if (line.text !== '') yield line;
        rest = rest.subarray(at + 1);
      }
      length += rest.length;
      if (length <= maxLineBytes) parts.push(rest);
      else parts = [];
    }
    if (length > 0) yield take(Buffer.alloc(0), false);
  } finally {
    await file.close();
  }
}
