import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/**
 * What every webhook in Node costs at least: `node:https` that reads the body and answers a constant.
 * Arguments: certificate, key. Prints its port in the form of `gpugate serve`.
 */
const [, , cert = '', key = ''] = process.argv;
const uid = '705ab4f5-6393-11e8-b7cc-42010a800002';

/** The API server checks the uid, so a bare webhook that is registered for real must find it; `--echo-uid` does. */
const echoesUid = process.argv.includes('--echo-uid');
const answer = (id: string) =>
  Buffer.from(
    `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"${id}","allowed":true}}`,
  );
const constant = answer(uid);
const uidKey = Buffer.from('"uid":"');

const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    let body = constant;
    if (echoesUid) {
      const whole = Buffer.concat(chunks);
      const at = whole.indexOf(uidKey) + uidKey.length;
      body = answer(whole.toString('latin1', at, at + 36));
    }
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
    response.end(body);
  });
});
server.keepAliveTimeout = 120_000;
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ msg: 'serving', port: (server.address() as AddressInfo).port })}\n`);
});
