import type { ServerResponse } from 'node:http';
import type { Answer } from '../review/answer.ts';

/**
 * Writes one answer: head and body leave in one TLS record when the body is a string. One without characters beyond
 * ASCII, the usual case, goes out as latin1: Node copies such a string, and converts it to UTF-8 for 30 us a KB.
 */
export function send(response: ServerResponse, answer: Answer, closes: boolean): void {
  const { body } = answer;
  const length = writeHead(response, answer, closes);
  if (typeof body === 'string' && length === body.length) response.end(body, 'latin1');
  else response.end(body);
}

/** Writes all of an answer but its end, so that the connection stays open until `response.end()`. */
export function sendUnended(response: ServerResponse, answer: Answer): void {
  writeHead(response, answer, true);
  response.write(answer.body);
}

/** Returns the length of the body in bytes. */
function writeHead(response: ServerResponse, { status, contentType, body }: Answer, closes: boolean): number {
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  response.writeHead(
    status,
    closes
      ? { 'Content-Type': contentType, 'Content-Length': length, Connection: 'close' }
      : { 'Content-Type': contentType, 'Content-Length': length },
  );
  return length;
}
