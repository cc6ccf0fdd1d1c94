import { isPlainObject } from '../api/plain-object.ts';
import { MalformedObject, relocated } from './malformed-object.ts';
import type { Container, ContainerField, EnvVar, ObjectMeta, Pod } from './pod.ts';
import {
  emptyList,
  readBoolean,
  readList,
  readObject,
  readQuantities,
  readString,
  readStrings,
  type RawObject,
} from './read-field.ts';

/**
 * Raw object -> Pod, by hand and without a schema: this runs on every request, and zod on a pod costs
 * more than everything else that is done with it. Only what rules and mutations read is looked at.
 */

const noObject: RawObject = Object.freeze({});

/** Reads `metadata` of an object of any kind. */
export function readMeta(object: unknown): ObjectMeta {
  if (!isPlainObject(object)) throw new MalformedObject('', 'an object');
  return metaOf(readObject(object['metadata'], 'metadata') ?? noObject);
}

export function readPod(object: unknown): Pod {
  if (!isPlainObject(object)) throw new MalformedObject('', 'an object');
  const rawMeta = readObject(object['metadata'], 'metadata') ?? noObject;
  const spec = readObject(object['spec'], 'spec');
  if (spec === undefined) throw new MalformedObject('spec', 'an object');
  const meta = metaOf(rawMeta);
  try {
    return podOf(meta, rawMeta, spec);
  } catch (error) {
    throw relocated(error, 'spec');
  }
}

function podOf(meta: ObjectMeta, rawMeta: RawObject, spec: RawObject): Pod {
  const resources = readObject(spec['resources'], 'resources') ?? noObject;
  return {
    meta,
    containers: containersOf(spec, 'containers'),
    initContainers: containersOf(spec, 'initContainers'),
    ephemeralContainers: containersOf(spec, 'ephemeralContainers'),
    overhead: readQuantities(spec['overhead'], 'overhead'),
    podRequests: podQuantities(resources, 'requests'),
    podLimits: podQuantities(resources, 'limits'),
    nodeName: readString(spec['nodeName'], 'nodeName'),
    nodeSelector: readStrings(spec['nodeSelector'], 'nodeSelector'),
    runtimeClassName: readString(spec['runtimeClassName'], 'runtimeClassName'),
    hostPID: readBoolean(spec['hostPID'], 'hostPID'),
    resourceClaims: readList(spec['resourceClaims'], 'resourceClaims').length,
    hostPaths: hostPathsOf(spec),
    has: {
      metadata: rawMeta !== noObject,
      labels: isPlainObject(rawMeta['labels']),
      annotations: isPlainObject(rawMeta['annotations']),
    },
  };
}

function metaOf(raw: RawObject): ObjectMeta {
  try {
    return {
      name: readString(raw['name'], 'name'),
      generateName: readString(raw['generateName'], 'generateName'),
      namespace: readString(raw['namespace'], 'namespace'),
      uid: readString(raw['uid'], 'uid'),
      labels: readStrings(raw['labels'], 'labels'),
      annotations: readStrings(raw['annotations'], 'annotations'),
      controller: controllerOf(raw),
    };
  } catch (error) {
    throw relocated(error, 'metadata');
  }
}

function controllerOf(raw: RawObject): ObjectMeta['controller'] {
  const owners = readList(raw['ownerReferences'], 'ownerReferences');
  let index = 0;
  try {
    for (; index < owners.length; index++) {
      const owner = elementOf(owners, index);
      if (readBoolean(owner['controller'], 'controller'))
        return { kind: readString(owner['kind'], 'kind'), name: readString(owner['name'], 'name') };
    }
  } catch (error) {
    throw relocated(error, `ownerReferences[${index}]`);
  }
  return undefined;
}

function podQuantities(resources: RawObject, key: 'requests' | 'limits'): Readonly<Record<string, string>> {
  try {
    return readQuantities(resources[key], key);
  } catch (error) {
    throw relocated(error, 'resources');
  }
}

function containersOf(spec: RawObject, field: ContainerField): readonly Container[] {
  const list = readList(spec[field], field);
  if (list.length === 0) return emptyList;
  const containers: Container[] = [];
  try {
    for (let index = 0; index < list.length; index++) {
      containers.push(containerOf(elementOf(list, index), field, index));
    }
  } catch (error) {
    throw relocated(error, `${field}[${containers.length}]`);
  }
  return containers;
}

function containerOf(raw: RawObject, field: ContainerField, index: number): Container {
  const resources = readObject(raw['resources'], 'resources');
  const security = readObject(raw['securityContext'], 'securityContext');
  return {
    name: readString(raw['name'], 'name'),
    field,
    index,
    isSidecar: field === 'initContainers' && readString(raw['restartPolicy'], 'restartPolicy') === 'Always',
    requests: podQuantities(resources ?? noObject, 'requests'),
    limits: podQuantities(resources ?? noObject, 'limits'),
    env: envOf(raw),
    isPrivileged: security !== undefined && privilegedOf(security),
    addedCapabilities: security === undefined ? emptyList : addedCapabilitiesOf(security),
    has: {
      resources: resources !== undefined,
      requests: resources !== undefined && isPlainObject(resources['requests']),
      limits: resources !== undefined && isPlainObject(resources['limits']),
      env: Array.isArray(raw['env']),
    },
  };
}

function privilegedOf(security: RawObject): boolean {
  try {
    return readBoolean(security['privileged'], 'privileged');
  } catch (error) {
    throw relocated(error, 'securityContext');
  }
}

function addedCapabilitiesOf(security: RawObject): readonly string[] {
  try {
    const capabilities = readObject(security['capabilities'], 'capabilities');
    if (capabilities === undefined) return emptyList;
    const added = readList(capabilities['add'], 'capabilities.add');
    return added.length === 0 ? emptyList : added.map((name, index) => readString(name, `capabilities.add[${index}]`));
  } catch (error) {
    throw relocated(error, 'securityContext');
  }
}

function envOf(raw: RawObject): readonly EnvVar[] {
  const list = readList(raw['env'], 'env');
  if (list.length === 0) return emptyList;
  const env: EnvVar[] = [];
  try {
    for (let index = 0; index < list.length; index++) {
      const item = elementOf(list, index);
      const isComputed = readObject(item['valueFrom'], 'valueFrom') !== undefined;
      env.push({
        name: readString(item['name'], 'name'),
        value: isComputed ? undefined : readString(item['value'], 'value'),
      });
    }
  } catch (error) {
    throw relocated(error, `env[${env.length}]`);
  }
  return env;
}

function hostPathsOf(spec: RawObject): Pod['hostPaths'] {
  const volumes = readList(spec['volumes'], 'volumes');
  let hostPaths: { index: number; path: string }[] | undefined;
  let index = 0;
  try {
    for (; index < volumes.length; index++) {
      const hostPath = readObject(elementOf(volumes, index)['hostPath'], 'hostPath');
      if (hostPath !== undefined) (hostPaths ??= []).push({ index, path: pathOf(hostPath) });
    }
  } catch (error) {
    throw relocated(error, `volumes[${index}]`);
  }
  return hostPaths ?? emptyList;
}

function pathOf(hostPath: RawObject): string {
  try {
    return readString(hostPath['path'], 'path');
  } catch (error) {
    throw relocated(error, 'hostPath');
  }
}

function elementOf(list: readonly unknown[], index: number): RawObject {
  const element = list[index];
  if (!isPlainObject(element)) throw new MalformedObject('', 'an object');
  return element;
}
