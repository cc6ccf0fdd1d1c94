import { isPlainObject, type PlainObject } from '../api/plain-object.ts';
import { text } from './fields.ts';
import { MalformedObject, relocated } from './malformed-object.ts';
import type { Pod } from './pod.ts';
import { fieldReader } from './read-fields.ts';
import { readMeta, readPod } from './read-pod.ts';

export type PodTemplate = {
  readonly pod: Pod;
  /** JSON pointer of the template, such as `/spec/template`; empty for a pod. */
  readonly pointer: string;
  /** The same as a field path, such as `spec.template`. */
  readonly path: string;
};

/** Where a workload kind keeps the template of its pods. By group, since others have a Job of their own. */
const templateFields: ReadonlyMap<string, readonly string[]> = new Map([
  ['/Pod', []],
  ['/ReplicationController', ['spec', 'template']],
  ['apps/Deployment', ['spec', 'template']],
  ['apps/StatefulSet', ['spec', 'template']],
  ['apps/DaemonSet', ['spec', 'template']],
  ['apps/ReplicaSet', ['spec', 'template']],
  ['batch/Job', ['spec', 'template']],
  ['batch/CronJob', ['spec', 'jobTemplate', 'spec', 'template']],
]);

const readType = fieldReader({ apiVersion: text(), kind: text() });

/** The pod out of any workload kind of Kubernetes; undefined for every other kind. */
export function readPodTemplate(object: unknown): PodTemplate | undefined {
  const { apiVersion = '', kind = '' } = readType(object);
  const group = apiVersion.slice(0, Math.max(0, apiVersion.indexOf('/')));
  const fields = templateFields.get(`${group}/${kind}`);
  if (fields === undefined) return undefined;
  const path = fields.join('.');
  const template = descend(object, fields);
  const namespace = fields.length === 0 ? '' : readMeta(object).namespace;
  try {
    const pod = readPod(template);
    const isPlaced = namespace === '' || pod.meta.namespace !== '';
    return {
      pod: isPlaced ? pod : { ...pod, meta: { ...pod.meta, namespace } },
      pointer: fields.map((field) => `/${field}`).join(''),
      path,
    };
  } catch (error) {
    throw path === '' ? error : relocated(error, path);
  }
}

function descend(object: unknown, fields: readonly string[]): unknown {
  let holder = object;
  for (const [depth, field] of fields.entries()) {
    const next: unknown = (holder as PlainObject)[field];
    if (!isPlainObject(next)) throw new MalformedObject(fields.slice(0, depth + 1).join('.'), 'an object');
    holder = next;
  }
  return holder;
}
