import type { ServerResponse } from 'node:http';
import type { Answer } from '../admission/answer.ts';

/** Writes one answer: head and body leave in one TLS record when the body is a string. */
export function send(response: ServerResponse, answer: Answer, closes: boolean): void {
  writeHead(response, answer, closes);
  response.end(answer.body);
}

/** Writes all of an answer but its end, so that the connection stays open until `response.end()`. */
export function sendUnended(response: ServerResponse, answer: Answer): void {
  writeHead(response, answer, true);
  response.write(answer.body);
}

function writeHead(response: ServerResponse, { status, contentType, body }: Answer, closes: boolean): void {
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  response.writeHead(
    status,
    closes
      ? { 'Content-Type': contentType, 'Content-Length': length, Connection: 'close' }
      : { 'Content-Type': contentType, 'Content-Length': length },
  );
}
