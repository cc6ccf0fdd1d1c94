import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/**
 * What every webhook in Node costs at least: `node:https` that reads the body and answers a constant. Arguments:
 * certificate, key, and where the server is to be registered a JSON patch: at /mutate/ it then answers with that patch,
 * and everywhere it repeats the uid, which the API server checks. Prints its port in the form of `gpugate serve`.
 */
const [, , cert = '', key = '', patch] = process.argv;

const head = Buffer.from('{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"');
const allowed = Buffer.from('","allowed":true}}');
const encoded = Buffer.from(patch ?? '').toString('base64');
const patched = Buffer.from(`","allowed":true,"patchType":"JSONPatch","patch":"${encoded}"}}`);
const constant = Buffer.concat([head, Buffer.from('705ab4f5-6393-11e8-b7cc-42010a800002'), allowed]);

const uidKey = Buffer.from('"uid":"');
const uidLength = 36;

function answerTo(review: Buffer, path: string): Buffer {
  const at = review.indexOf(uidKey) + uidKey.length;
  return Buffer.concat([head, review.subarray(at, at + uidLength), path.startsWith('/mutate/') ? patched : allowed]);
}

const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = patch === undefined ? constant : answerTo(Buffer.concat(chunks), request.url ?? '');
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
    response.end(body);
  });
});
server.keepAliveTimeout = 120_000;
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ msg: 'serving', port: (server.address() as AddressInfo).port })}\n`);
});
