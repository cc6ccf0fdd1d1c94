import type { FieldsOf } from './fields.ts';
import { MalformedObject } from './malformed-object.ts';
import { objectFields, podFields } from './object-fields.ts';
import type { Container, ContainerField, EnvVar, Labels, ObjectMeta, Pod } from './pod.ts';
import { fieldReader } from './read-fields.ts';

type PodFields = FieldsOf<typeof podFields>;
export type MetaFields = NonNullable<PodFields['metadata']>;
export type SpecFields = NonNullable<PodFields['spec']>;
export type ContainerFields = NonNullable<SpecFields['containers']>[number];

export const readObjectFields = fieldReader(objectFields);
const readFields = fieldReader(podFields);

const emptyList: readonly never[] = Object.freeze([]);
/** Without a prototype, so that a look-up of `constructor` finds nothing. */
const emptyMap: Labels = Object.freeze(Object.create(null) as Record<string, string>);

/** The fields of a pod as its object holds them. Throws MalformedObject. */
export function readPodFields(object: unknown): PodFields & { readonly spec: SpecFields } {
  const fields = readFields(object);
  if (fields.spec === undefined) throw new MalformedObject('spec', 'an object');
  return fields as PodFields & { readonly spec: SpecFields };
}

/** The metadata of an object of any kind. Throws MalformedObject. */
export function readMeta(object: unknown): ObjectMeta {
  return metaOf(readObjectFields(object).metadata);
}

/** A pod as rules and mutations see it, out of its object. Throws MalformedObject. */
export function readPod(object: unknown): Pod {
  const { metadata, spec, status } = readPodFields(object);
  return {
    meta: metaOf(metadata),
    containers: containersOf('containers', spec.containers),
    initContainers: containersOf('initContainers', spec.initContainers),
    ephemeralContainers: containersOf('ephemeralContainers', spec.ephemeralContainers),
    overhead: spec.overhead ?? emptyMap,
    podRequests: spec.resources?.requests ?? emptyMap,
    podLimits: spec.resources?.limits ?? emptyMap,
    nodeName: spec.nodeName ?? '',
    nodeSelector: spec.nodeSelector ?? emptyMap,
    runtimeClassName: spec.runtimeClassName ?? '',
    hostPID: spec.hostPID ?? false,
    resourceClaims: spec.resourceClaims?.length ?? 0,
    hostPaths: hostPathsOf(spec.volumes),
    phase: status?.phase ?? '',
    has: {
      metadata: metadata !== undefined,
      labels: metadata?.labels !== undefined,
      annotations: metadata?.annotations !== undefined,
    },
  };
}

function metaOf(fields: MetaFields | undefined): ObjectMeta {
  const controller = fields?.ownerReferences?.find((owner) => owner.controller);
  return {
    name: fields?.name ?? '',
    generateName: fields?.generateName ?? '',
    namespace: fields?.namespace ?? '',
    uid: fields?.uid ?? '',
    resourceVersion: fields?.resourceVersion ?? '',
    labels: fields?.labels ?? emptyMap,
    annotations: fields?.annotations ?? emptyMap,
    controller: controller && { kind: controller.kind ?? '', name: controller.name ?? '' },
  };
}

function containersOf(field: ContainerField, list: readonly ContainerFields[] = emptyList): readonly Container[] {
  return list.map(({ name = '', env, resources, securityContext, restartPolicy }, index) => ({
    name,
    field,
    index,
    isSidecar: field === 'initContainers' && restartPolicy === 'Always',
    requests: resources?.requests ?? emptyMap,
    limits: resources?.limits ?? emptyMap,
    env: env?.map(variableOf) ?? emptyList,
    isPrivileged: securityContext?.privileged ?? false,
    addedCapabilities: securityContext?.capabilities?.add ?? emptyList,
    has: {
      resources: resources !== undefined,
      requests: resources?.requests !== undefined,
      limits: resources?.limits !== undefined,
      env: env !== undefined,
    },
  }));
}

function variableOf({ name = '', value = '', valueFrom }: NonNullable<ContainerFields['env']>[number]): EnvVar {
  return { name, value: valueFrom === undefined ? value : undefined };
}

function hostPathsOf(volumes: SpecFields['volumes'] = emptyList): Pod['hostPaths'] {
  return volumes.flatMap(({ hostPath }, index) =>
    hostPath === undefined ? [] : [{ index, path: hostPath.path ?? '' }],
  );
}
