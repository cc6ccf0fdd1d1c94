import { isPlainObject } from '../api/plain-object.ts';
import { operations, type Operation, type User } from '../workload/requester.ts';
import type { AdmissionRequest } from './review.ts';

const maxUidLength = 256;
const noGroups: readonly string[] = Object.freeze([]);
const known: ReadonlySet<unknown> = new Set<Operation>(operations);

/**
 * The request of a parsed review; undefined when it is none. By hand, since it runs on every request and a schema
 * takes ten times as long; a property test holds it to the schema in review.ts, which explains what is wrong.
 */
export function readRequest(review: unknown): AdmissionRequest | undefined {
  if (
    !isPlainObject(review) ||
    review['apiVersion'] !== 'admission.k8s.io/v1' ||
    review['kind'] !== 'AdmissionReview'
  ) {
    return undefined;
  }
  const request = review['request'];
  if (!isPlainObject(request)) return undefined;
  const { uid, kind, resource, operation, userInfo, dryRun } = request;
  if (typeof uid !== 'string' || uid === '' || uid.length > maxUidLength) return undefined;
  if (!isPlainObject(kind) || typeof kind['kind'] !== 'string' || !isPlainObject(resource)) return undefined;
  if (typeof resource['resource'] !== 'string' || !known.has(operation)) return undefined;
  const user = userOf(userInfo);
  const group = text(kind['group']);
  const subResource = text(request['subResource']);
  const name = text(request['name']);
  const namespace = text(request['namespace']);
  if (user === undefined || group === undefined || subResource === undefined) return undefined;
  if (name === undefined || namespace === undefined) return undefined;
  if (typeof dryRun !== 'boolean' && !isAbsent(dryRun)) return undefined;
  return {
    uid,
    kind: kind['kind'],
    group,
    resource: resource['resource'],
    subResource,
    name,
    namespace,
    operation: operation as Operation,
    user,
    dryRun: dryRun === true,
    object: request['object'] ?? null,
    oldObject: request['oldObject'] ?? null,
  };
}

function userOf(userInfo: unknown): User | undefined {
  if (isAbsent(userInfo)) return { username: '', groups: noGroups };
  if (!isPlainObject(userInfo)) return undefined;
  const username = text(userInfo['username']);
  const groups = userInfo['groups'] ?? noGroups;
  if (username === undefined || !Array.isArray(groups) || !groups.every((group) => typeof group === 'string')) {
    return undefined;
  }
  return { username, groups };
}

/** Absent strings are empty; undefined says that it is no string. */
function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : isAbsent(value) ? '' : undefined;
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}
