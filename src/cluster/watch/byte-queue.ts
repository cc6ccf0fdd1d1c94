const nothing = Buffer.alloc(0);

/** Takes pieces of a stream and gives them out in other lengths; copies only where a piece ends in between. */
export class ByteQueue {
  readonly #pieces: Buffer[] = [];
  /** How much of the first piece is taken already. */
  #start = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(piece: Buffer): void {
    if (piece.length === 0) return;
    this.#pieces.push(piece);
    this.#length += piece.length;
  }

  /** The next bytes, which stay in the queue; fewer when there are not as many. */
  peek(length: number): Buffer {
    const [first = nothing] = this.#pieces;
    const end = this.#start + length;
    if (end <= first.length) return first.subarray(this.#start, end);
    const parts = [first.subarray(this.#start)];
    for (let missing = end - first.length, i = 1; missing > 0 && i < this.#pieces.length; i++) {
      const part = (this.#pieces[i] ?? nothing).subarray(0, missing);
      parts.push(part);
      missing -= part.length;
    }
    return parts.length === 1 ? (parts[0] ?? nothing) : Buffer.concat(parts);
  }

  /** Removes the next bytes; undefined while there are fewer. */
  take(length: number): Buffer | undefined {
    if (length > this.#length) return undefined;
    const taken = this.peek(length);
    this.#length -= length;
    let start = this.#start + length;
    let gone = 0;
    for (let piece = this.#pieces[0]; piece !== undefined && start >= piece.length; piece = this.#pieces[gone]) {
      start -= piece.length;
      gone++;
    }
    if (gone > 0) this.#pieces.splice(0, gone);
    this.#start = start;
    return taken;
  }
}
