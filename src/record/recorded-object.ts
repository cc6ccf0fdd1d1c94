import { mirrorAnnotation } from '../admission/exemption.ts';
import { visibleDevicesVariable } from '../workload/device-access.ts';
import { MalformedObject } from '../workload/malformed-object.ts';
import { mpsThreadsAnnotation, mpsVariables, mpsVramAnnotation, mpsAnnotationPrefix } from '../workload/mps.ts';
import { objectFields, podFields } from '../workload/object-fields.ts';
import type { EnvVar, Labels } from '../workload/pod.ts';
import { pickFields } from '../workload/read-fields.ts';
import {
  readObjectFields,
  readPodFields,
  type ContainerFields,
  type MetaFields,
  type SpecFields,
} from '../workload/read-pod.ts';

/**
 * What a record holds of an object: the fields of the table in workload/object-fields.ts, without the values that may be
 * secret and decide nothing. Read again, it is judged as the whole object was. A field that is added to the table is
 * recorded too, unless its value is left out here; a test lists every field of a record, so that nobody forgets to choose.
 */
export type RecordedObject = Readonly<Record<string, unknown>>;

/** Variables whose values are judged; the value of any other may be a password. */
const judgedVariables: ReadonlySet<string> = new Set([visibleDevicesVariable, ...mpsVariables]);

/** Annotations whose values are judged; others with the prefix of MPS matter because they are there. */
const judgedAnnotations: ReadonlySet<string> = new Set([mpsThreadsAnnotation, mpsVramAnnotation]);

/** Null for no object, and for one that is not what its kind says, because nothing was read of it. */
export function recordedObject(kind: string, object: unknown): RecordedObject | null {
  if (object === null) return null;
  try {
    if (kind !== 'Pod') {
      const { metadata } = pickFields(objectFields, readObjectFields(object));
      return { metadata: recordedMetadata(metadata) };
    }
    const { metadata, spec = {} } = pickFields(podFields, readPodFields(object));
    return { metadata: recordedMetadata(metadata), spec: recordedSpec(spec) };
  } catch (error) {
    if (error instanceof MalformedObject) return null;
    throw error;
  }
}

function recordedMetadata(metadata: MetaFields | undefined): RecordedObject | undefined {
  if (metadata === undefined) return undefined;
  // What a stored object has besides is not judged.
  const { resourceVersion: _version, creationTimestamp: _time, annotations, ...judged } = metadata;
  return { ...judged, annotations: annotations && recordedAnnotations(annotations) };
}

function recordedAnnotations(annotations: Labels): Labels {
  return Object.fromEntries(
    Object.entries(annotations).flatMap(([key, value]): [string, string][] => {
      if (judgedAnnotations.has(key)) return [[key, value]];
      return key === mirrorAnnotation || key.startsWith(mpsAnnotationPrefix) ? [[key, '']] : [];
    }),
  );
}

function recordedSpec({ containers, initContainers, ephemeralContainers, ...judged }: SpecFields): RecordedObject {
  return {
    ...judged,
    containers: containers?.map(recordedContainer),
    initContainers: initContainers?.map(recordedContainer),
    ephemeralContainers: ephemeralContainers?.map(recordedContainer),
  };
}

function recordedContainer({ env, ...judged }: ContainerFields): RecordedObject {
  return {
    ...judged,
    env: env?.map(({ name = '', value = '', valueFrom }) =>
      recordedVariable({ name, value: valueFrom === undefined ? value : undefined }),
    ),
  };
}

/** A variable as it may be written down. One with `valueFrom` may say anything, and is judged as such. */
export function recordedVariable({ name, value }: EnvVar): RecordedObject {
  if (value === undefined) return { name, valueFrom: {} };
  return judgedVariables.has(name) ? { name, value } : { name };
}
