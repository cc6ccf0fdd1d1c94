import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { duplexPair, type Duplex } from 'node:stream';
import type { HandleReview } from '../../src/http/reviews.ts';
import { createAdmissionApp } from '../../src/http/app.ts';
import { BodyBudget } from '../../src/http/body.ts';
import { Connections } from '../../src/http/connections.ts';
import { defaultLimits, type Limits } from '../../src/http/limits.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { createRecordingLog } from '../support/recording-log.ts';

export const approve: HandleReview = (body) => ({
  status: 200,
  contentType: 'application/json',
  body: `{"bytes":${body.length}}`,
});

export type InMemoryOptions = {
  readonly reviews?: Readonly<Record<string, HandleReview>>;
  readonly limits?: Partial<Limits>;
  readonly now?: () => number;
};

/** The listener of the admission server behind streams in memory: the real parser, no socket, no TLS. */
export function createInMemoryServer({ reviews = { '/validate/gpu': approve }, limits, now }: InMemoryOptions = {}) {
  const log = createRecordingLog();
  const metrics = createMetrics({ version: 'test', processMetrics: false });
  const allLimits = { ...defaultLimits, lingerMs: 50, ...limits };
  const clock = now ?? (() => performance.now());
  const connections = new Connections({
    maxAgeMs: allLimits.maxConnectionAgeMs,
    headTimeoutMs: allLimits.headTimeoutMs,
    refusedTimeoutMs: allLimits.refusedTimeoutMs,
    now: clock,
    random: () => 0.5,
    refuse: () => undefined,
    endSlow: (socket: Socket) => socket.destroy(),
  });
  const budget = new BodyBudget(allLimits.maxBodiesBytes);
  const context = { limits: allLimits, budget, connections, metrics, log, now: clock };
  const app = createAdmissionApp(new Map(Object.entries(reviews)), context);
  const server = createServer(app);
  server.on('checkContinue', app);
  return { server, log, metrics, connections, budget, dial: () => dial(server) };
}

/** The client's end of a new connection. */
function dial(server: Server): Duplex {
  const [client, served] = duplexPair();
  server.emit('connection', served);
  client.on('error', () => undefined);
  return client;
}

/** What a metric says, by its full line without the value; 0 when it says nothing. */
export async function readMetric(metrics: { expose(): Promise<{ body: string }> }, line: string): Promise<number> {
  const { body } = await metrics.expose();
  const found = body.split('\n').find((text) => text.startsWith(`${line} `));
  return found === undefined ? 0 : Number(found.slice(line.length));
}
