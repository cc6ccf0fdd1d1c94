import { PassThrough, Readable } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import type { ApiClient } from '../../../src/cluster/client/client.ts';
import { tenantQuota, type TenantQuota } from '../../../src/api/tenant-quota.ts';
import { watchObjects } from '../../../src/cluster/watch/watched-objects.ts';
import { compileQuota } from '../../../src/quota/rules/quota.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import { createRecordingLog } from '../../support/recording-log.ts';
import { createVirtualClock } from '../../support/virtual-clock.ts';

const gpus = (count: string) => ({ hard: { 'nvidia.com/gpu': count } });
let version = 0;
const quota = (spec: unknown, about: { uid?: string; generation?: number; status?: unknown } = {}) => ({
  apiVersion: 'gpugate.dev/v1alpha1',
  kind: 'TenantQuota',
  metadata: {
    name: 'q',
    uid: about.uid ?? 'first',
    generation: about.generation ?? 1,
    resourceVersion: `${++version}`,
  },
  spec,
  ...(about.status === undefined ? {} : { status: about.status }),
});

/** TenantQuotas out of a list and a watch that the test writes. */
async function startWatch(first: unknown) {
  const state = { items: [first] };
  let body = new PassThrough();
  const clock = createVirtualClock();
  const log = createRecordingLog();
  const client: ApiClient = {
    fetch: (_, read) =>
      read(
        Readable.from([Buffer.from(JSON.stringify({ metadata: { resourceVersion: '1' }, items: state.items }))]),
        'application/json',
      ),
    request: () => Promise.reject(new Error('nobody asks')),
    watch: async () => ({ body: (body = new PassThrough()), contentType: 'application/json' }),
  };
  const watched = watchObjects(
    {
      plural: 'tenantquotas',
      schema: tenantQuota,
      compile: (object) => ({ value: compileQuota(object as TenantQuota) }),
      onChange: () => undefined,
    },
    { client, clock, log, metrics: createMetrics({ version: 'test', processMetrics: false }) },
  );
  const abort = new AbortController();
  const ended = watched.reflector.run(abort.signal);
  onTestFinished(async () => {
    abort.abort();
    body.destroy();
    await ended;
  });
  await clock.advance(1);
  const send = async (type: string, object: unknown) => {
    body.write(`${JSON.stringify({ type, object })}\n`);
    await clock.advance(1);
  };
  const relist = async (...items: unknown[]) => {
    state.items = items;
    watched.reflector.relist();
    body.end();
    await clock.advance(2000);
  };
  const limits = () => watched.inForce().map(({ hardOf }) => hardOf('').get('nvidia.com/gpu'));
  return { watched, log, send, relist, limits };
}

test('the newest good version is in force, and the problem of a later one is kept beside it', async () => {
  const { watched, log, send, limits } = await startWatch(quota(gpus('4')));
  expect(limits()).toEqual([4]);
  await send('MODIFIED', quota(gpus('0.5'), { generation: 2 }));
  const problem = 'spec.hard limits of devices and pods must be whole numbers, such as 4';
  expect(watched.objects()).toMatchObject([{ name: 'q', generation: 2, problem }]);
  expect(limits()).toEqual([4]);
  expect(log.entries).toMatchObject([
    {
      level: 'error',
      message: 'an object is invalid; its last good version stays in force',
      fields: { name: 'q', problem },
    },
  ]);
  await send('MODIFIED', quota(gpus('8'), { generation: 3 }));
  expect(watched.objects()).toMatchObject([{ generation: 3, problem: undefined }]);
  expect(limits()).toEqual([8]);
});

test('a write of the status compiles nothing again', async () => {
  const { watched, send } = await startWatch(quota(gpus('4')));
  const [before] = watched.inForce();
  await send('MODIFIED', quota(gpus('4'), { status: { observedGeneration: 1 } }));
  expect(watched.inForce()[0]).toBe(before);
});

test('what was deleted is not in force', async () => {
  const { send, limits } = await startWatch(quota(gpus('4')));
  await send('DELETED', quota(gpus('4')));
  expect(limits()).toEqual([]);
});

test('an object that was made anew while nobody watched is not taken for the old one', async () => {
  const { relist, limits } = await startWatch(quota(gpus('4')));
  await relist(quota(gpus('8'), { uid: 'second' }));
  expect(limits()).toEqual([8]);
});
