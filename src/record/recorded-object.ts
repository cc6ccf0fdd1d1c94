import { visibleDevicesVariable } from '../workload/device-access.ts';
import { MalformedObject } from '../workload/malformed-object.ts';
import { mpsThreadsAnnotation, mpsVariables, mpsVramAnnotation, mpsAnnotationPrefix } from '../workload/mps.ts';
import type { Container, EnvVar, Labels, ObjectMeta, Pod } from '../workload/pod.ts';
import { readMeta, readPod } from '../workload/read-pod.ts';
import { mirrorAnnotation } from '../admission/exemption.ts';

/**
 * What of an object is written down with a decision: the fields that rules and mutations read, and of these no value that
 * none of them judges. Made anew out of what {@link readPod} has read, so that no field gets here by being forgotten.
 * Read again, it is judged as the whole object was.
 */
export type RecordedObject = Readonly<Record<string, unknown>>;

/** Only the values of these variables decide anything; every other value may be a password. */
const judgedVariables: ReadonlySet<string> = new Set([visibleDevicesVariable, ...mpsVariables]);

/** The same of annotations; of the others with the prefix of MPS it matters that they are there. */
const judgedAnnotations: ReadonlySet<string> = new Set([mpsThreadsAnnotation, mpsVramAnnotation]);

/** Null for no object, and for one that is not what its kind says: nothing was read of it. */
export function recordedObject(kind: string, object: unknown): RecordedObject | null {
  if (object === null) return null;
  try {
    return kind === 'Pod' ? recordedPod(readPod(object)) : { metadata: metadataOf(readMeta(object)) };
  } catch (error) {
    if (error instanceof MalformedObject) return null;
    throw error;
  }
}

/** A variable as it may be written down. */
export function recordedVariable({ name, value }: EnvVar): RecordedObject {
  // By valueFrom it may say anything, which is judged as such.
  if (value === undefined) return { name, valueFrom: {} };
  return judgedVariables.has(name) ? { name, value } : { name };
}

function recordedPod(pod: Pod): RecordedObject {
  const { meta, has, overhead, podRequests, podLimits, nodeName, nodeSelector, runtimeClassName } = pod;
  const metadata = { ...metadataOf(meta), ...(has.labels ? { labels: meta.labels } : {}) };
  return {
    ...(has.metadata
      ? { metadata: has.annotations ? { ...metadata, annotations: annotationsOf(meta.annotations) } : metadata }
      : {}),
    spec: {
      containers: pod.containers.map(recordedContainer),
      ...unlessEmpty('initContainers', pod.initContainers.map(recordedContainer)),
      ...unlessEmpty('ephemeralContainers', pod.ephemeralContainers.map(recordedContainer)),
      ...unlessEmpty('overhead', overhead),
      ...unlessEmpty('resources', { ...unlessEmpty('requests', podRequests), ...unlessEmpty('limits', podLimits) }),
      ...unlessEmpty('nodeName', nodeName),
      ...unlessEmpty('nodeSelector', nodeSelector),
      ...unlessEmpty('runtimeClassName', runtimeClassName),
      ...(pod.hostPID ? { hostPID: true } : {}),
      // How many there are is all that is read of them.
      ...unlessEmpty(
        'resourceClaims',
        Array.from({ length: pod.resourceClaims }, () => ({})),
      ),
      ...unlessEmpty('volumes', volumesOf(pod.hostPaths)),
    },
  };
}

function metadataOf({ name, generateName, namespace, uid, labels, annotations, controller }: ObjectMeta) {
  return {
    ...unlessEmpty('name', name),
    ...unlessEmpty('generateName', generateName),
    ...unlessEmpty('namespace', namespace),
    ...unlessEmpty('uid', uid),
    ...unlessEmpty('labels', labels),
    ...unlessEmpty('annotations', annotationsOf(annotations)),
    ...(controller === undefined
      ? {}
      : { ownerReferences: [{ controller: true, kind: controller.kind, name: controller.name }] }),
  };
}

function annotationsOf(annotations: Labels): Labels {
  return Object.fromEntries(
    Object.entries(annotations).flatMap(([key, value]): [string, string][] => {
      if (judgedAnnotations.has(key)) return [[key, value]];
      return key === mirrorAnnotation || key.startsWith(mpsAnnotationPrefix) ? [[key, '']] : [];
    }),
  );
}

function recordedContainer({ name, requests, limits, env, has, ...container }: Container): RecordedObject {
  const { isSidecar, isPrivileged, addedCapabilities } = container;
  const resources = { ...(has.requests ? { requests } : {}), ...(has.limits ? { limits } : {}) };
  const securityContext = {
    ...(isPrivileged ? { privileged: true } : {}),
    ...(addedCapabilities.length > 0 ? { capabilities: { add: addedCapabilities } } : {}),
  };
  return {
    name,
    ...(isSidecar ? { restartPolicy: 'Always' } : {}),
    ...(has.resources ? { resources } : {}),
    ...(has.env ? { env: env.map(recordedVariable) } : {}),
    ...unlessEmpty('securityContext', securityContext),
  };
}

/** Violations name a volume by its index, so that those between stay as empty ones. */
function volumesOf(hostPaths: Pod['hostPaths']): RecordedObject[] {
  const volumes: RecordedObject[] = [];
  for (const { index, path } of hostPaths) {
    while (volumes.length < index) volumes.push({});
    volumes.push({ hostPath: { path } });
  }
  return volumes;
}

function unlessEmpty<const Key extends string>(key: Key, value: string | object): { [K in Key]?: string | object } {
  const isEmpty = typeof value === 'string' ? value === '' : Object.keys(value).length === 0;
  return isEmpty ? {} : ({ [key]: value } as { [K in Key]?: string | object });
}
