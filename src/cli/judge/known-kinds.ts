import { reviewedKinds, type ReviewedKind } from '../../api/workload-policy.ts';
import { isPlainObject, type PlainObject } from '../../api/plain-object.ts';
import { resourcesOf } from '../manifests/webhook-configurations.ts';

/** A kind that policies can cover, as admission requests name it. */
export type KnownKind = { readonly kind: ReviewedKind; readonly group: string; readonly resource: string };

/** What the apiVersion and kind of an object tell. */
export type KindOfObject =
  | { readonly is: 'known'; readonly known: KnownKind }
  /** `note`: why nothing is judged. */
  | { readonly is: 'unjudged'; readonly note: string }
  /** `message`: why no cluster accepts it. */
  | { readonly is: 'refused'; readonly message: string };

const reviewed: ReadonlySet<string> = new Set(reviewedKinds);
/** By names in lower case; no group of Kubernetes has other kinds with these names. */
const reviewedByName: ReadonlyMap<string, ReviewedKind> = new Map(
  reviewedKinds.map((kind) => [kind.toLowerCase(), kind]),
);

/** The API groups that every API server serves itself; all others have to be installed. */
const builtInGroups = /^(?:|apps|batch|autoscaling|policy|extensions|[a-z]+(?:\.[a-z]+)*\.k8s\.io)$/;
/** Groups in the domain of Kubernetes that other projects of it define. */
const addedGroups = /(?:^|\.)(?:x-k8s\.io|gateway\.networking\.k8s\.io|snapshot\.storage\.k8s\.io|metrics\.k8s\.io)$/;

export function kindOfObject(object: PlainObject): KindOfObject {
  const { apiVersion, kind } = object;
  const version = String(apiVersion);
  const name = String(kind);
  const slash = version.indexOf('/');
  const group = version.slice(0, Math.max(0, slash));
  if (group === 'gpugate.dev') return { is: 'unjudged', note: ownNote(name) };
  if (group === 'kustomize.config.k8s.io') {
    return { is: 'unjudged', note: 'is input for kustomize; check the output of `kubectl kustomize`' };
  }
  if (reviewed.has(name)) {
    const known = { kind: name as ReviewedKind, ...resourcesOf[name as ReviewedKind] };
    if (known.group === group) {
      const served = servedVersion(group);
      return version === served
        ? { is: 'known', known }
        : { is: 'refused', message: `apiVersion ${version} of ${name} is no longer served; write ${served}` };
    }
  }
  if (builtInGroups.test(group) && !addedGroups.test(group)) {
    const meant = reviewedByName.get(name.toLowerCase());
    if (meant !== undefined) {
      const due = `apiVersion ${servedVersion(resourcesOf[meant].group)} and kind ${meant}`;
      return { is: 'refused', message: `apiVersion ${version} has no kind ${name}; write ${due}` };
    }
    return { is: 'unjudged', note: `gpugate does not judge the kind ${name}` };
  }
  return {
    is: 'unjudged',
    note: `${name} (${group}) is not a kind of Kubernetes itself: if it creates pods, gpugate judges them when they are created`,
  };
}

function servedVersion(group: string): string {
  return group === '' ? 'v1' : `${group}/v1`;
}

function ownNote(kind: string): string {
  if (kind === 'WorkloadPolicy' || kind === 'TenantQuota') {
    return `a ${kind} is not a workload; name its file with --policies to judge by it`;
  }
  if (kind === 'ClusterSnapshot') return 'a ClusterSnapshot is not a workload; name its file with --snapshot';
  return `gpugate does not judge the kind ${kind}`;
}

/** A text field of `metadata`; empty if there is none. */
export function metaText(object: PlainObject, field: 'name' | 'generateName' | 'namespace'): string {
  const metadata = object['metadata'];
  const value = isPlainObject(metadata) ? metadata[field] : undefined;
  return typeof value === 'string' ? value : '';
}
