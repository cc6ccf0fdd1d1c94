import { Agent, request } from 'node:https';

/** Sends requests at a fixed rate, even if answers fall behind. Resolves with latencies in ms, from when each was due. */
export async function runOpenLoop(options: {
  readonly port: number;
  readonly paths: readonly { readonly path: string; readonly body: Buffer }[];
  readonly ca: string;
  readonly perSecond: number;
  /** Stops the load. */
  readonly signal: AbortSignal;
}): Promise<readonly number[]> {
  const { port, paths, ca, perSecond, signal } = options;
  const agent = new Agent({ keepAlive: true, ca, maxSockets: 64 });
  const latencies: number[] = [];
  const open: Promise<void>[] = [];
  const start = performance.now();
  for (let sent = 0; !signal.aborted;) {
    const due = start + (sent * 1000) / perSecond;
    const early = due - performance.now();
    if (early > 0) {
      await new Promise((resolve) => setTimeout(resolve, early));
      continue;
    }
    const target = paths[sent++ % paths.length];
    if (target === undefined) break;
    open.push(
      new Promise((resolve, reject) => {
        const headers = { 'content-type': 'application/json', 'content-length': target.body.length };
        const call = request(
          {
            host: '127.0.0.1',
            servername: 'localhost',
            port,
            path: `${target.path}?timeout=10s`,
            method: 'POST',
            agent,
            headers,
          },
          (response) => {
            response.resume();
            response.once('end', () => {
              latencies.push(performance.now() - due);
              if (response.statusCode === 200) resolve();
              else reject(new Error(`HTTP ${response.statusCode}`));
            });
          },
        );
        call.once('error', reject);
        call.end(target.body);
      }),
    );
  }
  await Promise.all(open);
  agent.destroy();
  return latencies;
}
