import type { Metrics } from '../../telemetry/metrics.ts';
import type { Log } from '../../telemetry/log.ts';
import type { ApiClient, RawObject } from '../client/client.ts';
import { createListWatch } from './list-watch.ts';
import { MalformedObject } from '../../workload/malformed-object.ts';
import type { Shape } from '../protobuf/shape.ts';
import { Reflector, type ReflectorTelemetry } from './reflector.ts';
import type { Clock } from '../client/retry.ts';
import { Store, type Change, type StoreReader } from './store.ts';

/** One resource of the API server, kept as projections. */
export type ResourceFeed<T> = {
  readonly store: StoreReader<T>;
  readonly reflector: Reflector;
  /** A new projection of an object that is there already. */
  readonly revise: (key: string, value: T) => void;
};

export type FeedSettings<T> = {
  readonly resource: string;
  readonly path: string;
  readonly fieldSelector?: string;
  /** What `key` and `project` read. Without it, objects come whole. */
  readonly shape?: Shape;
  readonly pageSize?: number;
  readonly key: (object: RawObject) => string;
  /** Undefined: the object is of no interest, as if it were not there. */
  readonly project: (object: RawObject) => T | undefined;
  readonly isSame: (a: T, b: T) => boolean;
  readonly onChange: (change: Change<T>) => void;
  /** After each event and each list, whether or not anything changed by it. */
  readonly onProgress?: (isList: boolean) => void;
  /** See ReflectorOptions. */
  readonly isAwaited?: () => boolean;
};

export type FeedContext = {
  readonly client: ApiClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** See ReflectorOptions. */
  readonly watchIdleMs?: number;
};

export function createFeed<T>(settings: FeedSettings<T>, context: FeedContext): ResourceFeed<T> {
  const { resource, path, fieldSelector, shape, pageSize, isAwaited, key, project, isSame, onChange } = settings;
  const { client, clock, log, metrics, watchIdleMs } = context;
  const store = new Store<T>({ isSame, onChange });
  const reflector = new Reflector({
    resource,
    clock,
    listWatch: createListWatch(client, path, {
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
      ...(shape === undefined ? {} : { shape }),
    }),
    telemetry: reflectorTelemetry(log, metrics),
    ...(pageSize === undefined ? {} : { pageSize }),
    ...(isAwaited === undefined ? {} : { isAwaited }),
    ...(watchIdleMs === undefined ? {} : { watchIdleMs }),
    sink: {
      beginRelist: () => store.beginRelist(),
      endRelist: (version) => store.endRelist(version),
      progressed: settings.onProgress ?? (() => undefined),
      remove: (object, version) => store.remove(key(object), version),
      put: (object, version) => {
        const value = orUndefined(() => project(object));
        if (value === undefined) store.remove(key(object), version);
        else store.put(key(object), value, version);
      },
    },
  });
  metrics.watchResource(resource, {
    objects: () => store.size(),
    stalenessMs: () => reflector.stalenessMs(),
  });
  return { store, reflector, revise: (name, value) => store.revise(name, value, reflector.resourceVersion ?? '') };
}

/** The API server holds no object that its own schema refuses; should we read one wrongly, it must not end the watch. */
export function orUndefined<T>(project: () => T): T | undefined {
  try {
    return project();
  } catch (error) {
    if (error instanceof MalformedObject) return undefined;
    throw error;
  }
}

function reflectorTelemetry(log: Log, metrics: Metrics): ReflectorTelemetry {
  return {
    relisted: (resource) => metrics.relist(resource),
    watchStarted: (resource) => metrics.watchStart(resource),
    received: (resource, bytes) => metrics.watchBytes(resource, bytes),
    event: (resource, { type, object }) => {
      if (type !== 'ADDED') return;
      const created = (object['metadata'] as RawObject)['creationTimestamp'];
      if (typeof created === 'string') metrics.eventLag(resource, (Date.now() - Date.parse(created)) / 1000);
    },
    failed: (resource, error) =>
      log.warn('a watch failed; its last state is kept, and it is retried', {
        resource,
        error: error.message,
      }),
    recovered: (resource) => log.info('a watch works again', { resource }),
  };
}
