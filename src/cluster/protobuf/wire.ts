/** Bytes that are no protobuf, or none that the API server sends. */
export class MalformedProtobuf extends Error {
  override readonly name = 'MalformedProtobuf';

  constructor(what: string) {
    super(`the API server sent malformed protobuf: ${what}`);
  }
}

/** The low three bits of a tag; the groups of old, 3 and 4, are in nothing that Kubernetes defines. */
export const wireType = { varint: 0, fixed64: 1, delimited: 2, fixed32: 5 } as const;

/** 10 bytes of 7 bits: what 64 bits take. */
export const maxVarintBytes = 10;

/**
 * Reads the fields of one message after the other, and never beyond its end.
 * https://protobuf.dev/programming-guides/encoding
 */
export class WireReader {
  readonly #bytes: Buffer;
  #at = 0;
  /** Of the message that is being read. */
  #end: number;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#end = bytes.length;
  }

  get hasMore(): boolean {
    return this.#at < this.#end;
  }

  get position(): number {
    return this.#at;
  }

  /** Whether all bytes of the next number are there; true as well where so many are there that it is none. */
  get holdsNumber(): boolean {
    const end = Math.min(this.#at + maxVarintBytes, this.#end);
    for (let at = this.#at; at < end; at++) if ((this.#bytes[at] ?? 0) < 0x80) return true;
    return end === this.#at + maxVarintBytes;
  }

  /** Number of the next field, times 8, and its wire type. */
  tag(): number {
    const tag = this.varint();
    if (tag < 8 || tag > 0xffff_ffff) throw new MalformedProtobuf(`a field of number ${Math.floor(tag / 8)}`);
    return tag;
  }

  /** Of an int64 or int32; beyond 2^53 the nearest number. */
  varint(): number {
    let value = 0;
    // 7 bytes hold 49 bits, which a number holds without loss: all but negative ones end here.
    for (let scale = 1, count = 0; count < 7; scale *= 128, count++) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    let high = 0n;
    for (let shift = 49n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      high |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(BigInt.asIntN(64, high + BigInt(value)));
    }
    throw new MalformedProtobuf(`a number of more than ${maxVarintBytes} bytes`);
  }

  /** Of a field that follows. */
  length(): number {
    const length = this.varint();
    if (length < 0) throw new MalformedProtobuf(`a field of ${length} bytes`);
    return length;
  }

  text(): string {
    const end = this.#endOfField();
    const text = this.#bytes.toString('utf8', this.#at, end);
    this.#at = end;
    return text;
  }

  /** No copy: the bytes of a field as they lie there. */
  bytes(): Buffer {
    const end = this.#endOfField();
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }

  /** Goes into a field that is a message: until `leave`, that is all there is. Returns what `leave` is told. */
  enter(): number {
    const outer = this.#end;
    this.#end = this.#endOfField();
    return outer;
  }

  leave(outer: number): void {
    this.#at = this.#end;
    this.#end = outer;
  }

  skip(type: number): void {
    if (type === wireType.delimited) this.#at = this.#endOfField();
    else if (type === wireType.varint) this.varint();
    else if (type === wireType.fixed64) this.#at = this.#endAfter(8);
    else if (type === wireType.fixed32) this.#at = this.#endAfter(4);
    else throw new MalformedProtobuf(`a field of wire type ${type}`);
  }

  #byte(): number {
    const byte = this.#at < this.#end ? this.#bytes[this.#at++] : undefined;
    if (byte === undefined) throw new MalformedProtobuf('it ends in the middle of a number');
    return byte;
  }

  #endOfField(): number {
    return this.#endAfter(this.length());
  }

  #endAfter(length: number): number {
    const left = this.#end - this.#at;
    if (length > left) throw new MalformedProtobuf(`a field of ${length} bytes where ${left} are left`);
    return this.#at + length;
  }
}
