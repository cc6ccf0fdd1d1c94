import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { createApiLedgerStore } from '../../src/cluster/view/api-ledger-store.ts';
import { createClient } from '../../src/cluster/client/client.ts';
import { findApiServer } from '../../src/cluster/client/find-api-server.ts';
import { systemClock } from '../../src/cluster/client/retry.ts';

/**
 * What no design that remembers a pod before it is admitted can be below: a bare webhook, alone, that decides nothing and
 * watches nothing, and answers when one write of a small object has succeeded; whatever waits meanwhile shares the next.
 * Arguments: certificate, key, kubeconfig. Prints its port in the form of `gpugate serve`.
 */
const [, , cert = '', key = '', kubeconfig = ''] = process.argv;
const client = createClient(await findApiServer({ environment: {}, kubeconfig }), systemClock);
const store = createApiLedgerStore(client);
/** Some three reservations. */
const data = 'x'.repeat(500);
const uidKey = Buffer.from('"uid":"');

let version: string | undefined;
let waiting: (() => void)[] = [];
let isWriting = false;

async function write(): Promise<void> {
  isWriting = true;
  while (waiting.length > 0) {
    const batch = waiting;
    waiting = [];
    const written = await store.write(data, version);
    if (written === 'conflict') throw new Error('somebody else writes the ledger');
    version = written.version;
    for (const answer of batch) answer();
  }
  isWriting = false;
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const whole = await buffer(request);
  const at = whole.indexOf(uidKey) + uidKey.length;
  const uid = whole.toString('latin1', at, at + 36);
  const body = `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"${uid}","allowed":true}}`;
  waiting.push(() => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
    response.end(body);
  });
  if (!isWriting) await write();
}

const server = createServer(
  { cert: readFileSync(cert), key: readFileSync(key) },
  (request, response) => void answer(request, response),
);
server.keepAliveTimeout = 120_000;
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ msg: 'serving', port: (server.address() as AddressInfo).port })}\n`);
});
