import { once } from 'node:events';
import type { Duplex } from 'node:stream';

export type RawResponse = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** A POST of a review, as bytes. */
export function postBytes(path: string, body: string | Buffer, headers: Readonly<Record<string, string>> = {}): Buffer {
  const all = {
    Host: 'gpugate',
    'Content-Type': 'application/json',
    'Content-Length': String(body.length),
    ...headers,
  };
  const lines = Object.entries(all)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`), Buffer.from(body)]);
}

/** Reads responses off a connection one after the other, whatever the chunks they come in. */
export class ResponseReader {
  readonly #socket: Duplex;
  #buffer = Buffer.alloc(0);
  #isClosed = false;

  constructor(socket: Duplex) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#buffer = Buffer.concat([this.#buffer, chunk]);
      socket.emit('progress');
    });
    const close = (): void => {
      this.#isClosed = true;
      socket.emit('progress');
    };
    socket.on('end', close);
    socket.on('error', close);
    socket.on('close', close);
  }

  /** The next response; undefined when the connection ends before there is one. */
  async next(): Promise<RawResponse | undefined> {
    for (;;) {
      const response = this.#take();
      if (response !== undefined) return response;
      if (this.#isClosed) return undefined;
      await once(this.#socket, 'progress');
    }
  }

  /** Resolves when the other side has closed. */
  async closed(): Promise<void> {
    while (!this.#isClosed) await once(this.#socket, 'progress');
  }

  #take(): RawResponse | undefined {
    const headEnd = this.#buffer.indexOf('\r\n\r\n');
    if (headEnd === -1) return undefined;
    const [statusLine = '', ...lines] = this.#buffer.subarray(0, headEnd).toString('latin1').split('\r\n');
    const headers = Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
    );
    const status = Number(statusLine.split(' ')[1]);
    const bodyEnd = headEnd + 4 + (status === 100 ? 0 : Number(headers['content-length']));
    if (this.#buffer.length < bodyEnd) return undefined;
    const body = this.#buffer.subarray(headEnd + 4, bodyEnd).toString('utf8');
    this.#buffer = this.#buffer.subarray(bodyEnd);
    return { status, headers, body };
  }
}

/** Sends bytes on a connection of their own and reads the first response. */
export async function exchange(socket: Duplex, bytes: Buffer | string): Promise<RawResponse | undefined> {
  const reader = new ResponseReader(socket);
  socket.write(bytes);
  return reader.next();
}
