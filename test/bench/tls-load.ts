import { connect, type TLSSocket } from 'node:tls';

/** A closed loop of keep-alive connections that send the same bytes again and again; cheaper than any HTTP client. */
export type Load = { readonly requests: number; readonly seconds: number; readonly notOk: number };

const contentLength = Buffer.from('ontent-length: ');
const contentLengthUpper = Buffer.from('ontent-Length: ');
const endOfHead = Buffer.from('\r\n\r\n');

export async function runLoad(options: {
  readonly port: number;
  readonly path: string;
  readonly body: Buffer;
  readonly ca: string;
  readonly connections: number;
  readonly seconds: number;
}): Promise<Load> {
  const head = `POST ${options.path}?timeout=5s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${options.body.length}\r\n\r\n`;
  const message = Buffer.concat([Buffer.from(head), options.body]);
  let requests = 0;
  let notOk = 0;
  const start = performance.now();
  const end = start + options.seconds * 1000;
  // The generator never sleeps. Waking it takes an interrupt between virtual processors, which costs the server more than
  // the whole request, and only servers that are slower than the generator would pay for it.
  let isDone = false;
  const stayAwake = () => void (isDone || setImmediate(stayAwake));
  stayAwake();
  await Promise.all(
    Array.from({ length: options.connections }, async () => {
      const socket = connect({ port: options.port, host: '127.0.0.1', servername: 'localhost', ca: options.ca });
      await untilDone(
        socket,
        message,
        () => {
          requests++;
          return performance.now() < end;
        },
        () => notOk++,
      );
    }),
  );
  isDone = true;
  return { requests, seconds: (performance.now() - start) / 1000, notOk };
}

function untilDone(socket: TLSSocket, message: Buffer, goOn: () => boolean, onNotOk: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let pending: Buffer | undefined;
    socket.setNoDelay(true);
    socket.on('secureConnect', () => socket.write(message));
    socket.on('error', reject);
    socket.on('close', () => resolve());
    socket.on('data', (chunk: Buffer) => {
      const data = pending === undefined ? chunk : Buffer.concat([pending, chunk]);
      const bodyAt = data.indexOf(endOfHead);
      if (bodyAt === -1 || data.length < bodyAt + 4 + lengthOf(data)) {
        pending = data;
        return;
      }
      pending = undefined;
      if (data[9] !== 0x32) onNotOk(); // the first digit of the status
      if (goOn()) socket.write(message);
      else socket.end();
    });
  });
}

function lengthOf(data: Buffer): number {
  const lower = data.indexOf(contentLength);
  const at = lower === -1 ? data.indexOf(contentLengthUpper) : lower;
  return Number.parseInt(data.toString('latin1', at + contentLength.length, at + contentLength.length + 10), 10);
}
