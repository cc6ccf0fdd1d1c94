import { once } from 'node:events';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { createAdmissionServer, type AdmissionServerOptions } from '../../src/http/admission-server.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { createRecordingLog } from '../support/recording-log.ts';
import { approve } from './in-memory-server.ts';
import { servingPair } from './serving-pair.ts';

/** An admission server on a free port of this machine, and clients that trust it. */
export async function startServer(options: Partial<AdmissionServerOptions> = {}) {
  const log = createRecordingLog();
  const metrics = createMetrics({ version: 'test', processMetrics: false });
  const pair = await servingPair();
  const server = await createAdmissionServer({
    certificates: { current: () => pair, onChange: () => () => undefined },
    reviews: new Map([['/validate/gpu', approve]]),
    metrics,
    log,
    host: '127.0.0.1',
    port: 0,
    ...options,
    limits: { sweepEveryMs: 50, lingerMs: 200, ...options.limits },
  });
  const dial = async (more: ConnectionOptions = {}): Promise<TLSSocket> => {
    const socket = connect({ host: '127.0.0.1', port: server.address.port, ca: pair.ca, ...more });
    socket.setNoDelay(true);
    await once(socket, 'secureConnect');
    socket.on('error', () => undefined);
    return socket;
  };
  return { server, log, metrics, ca: pair.ca, port: server.address.port, dial };
}
