import { reviewedKinds, type ReviewedKind } from '../../api/workload-policy.ts';
import { isPlainObject, type PlainObject } from '../../api/plain-object.ts';
import { resourcesOf } from '../manifests/webhook-configurations.ts';

/** A kind that policies can be about, as admission requests name it. */
export type KnownKind = { readonly kind: ReviewedKind; readonly group: string; readonly resource: string };

/** What gpugate can say of an object by its apiVersion and kind alone. */
export type KindOfObject =
  | { readonly is: 'known'; readonly known: KnownKind }
  /** `note`: why nothing is judged. */
  | { readonly is: 'unjudged'; readonly note: string }
  /** `message`: why no cluster takes it. */
  | { readonly is: 'refused'; readonly message: string };

const reviewed: ReadonlySet<string> = new Set(reviewedKinds);
/** By names in lower case: no group of Kubernetes has another kind by one of these. */
const reviewedByName: ReadonlyMap<string, ReviewedKind> = new Map(
  reviewedKinds.map((kind) => [kind.toLowerCase(), kind]),
);

/** The API groups that every API server serves itself; all others come with something that was installed. */
const builtInGroups = /^(?:|apps|batch|autoscaling|policy|extensions|[a-z]+(?:\.[a-z]+)*\.k8s\.io)$/;
/** Of the domain of Kubernetes, but defined by its other projects. */
const addedGroups = /(?:^|\.)(?:x-k8s\.io|gateway\.networking\.k8s\.io|snapshot\.storage\.k8s\.io|metrics\.k8s\.io)$/;

export function kindOfObject(object: PlainObject): KindOfObject {
  const { apiVersion, kind } = object;
  const version = String(apiVersion);
  const name = String(kind);
  const slash = version.indexOf('/');
  const group = version.slice(0, Math.max(0, slash));
  if (group === 'gpugate.dev') return { is: 'unjudged', note: ownNote(name) };
  if (group === 'kustomize.config.k8s.io') {
    return { is: 'unjudged', note: 'is for kustomize: check what `kubectl kustomize` makes of it' };
  }
  if (reviewed.has(name)) {
    const known = { kind: name as ReviewedKind, ...resourcesOf[name as ReviewedKind] };
    if (known.group === group) {
      const served = servedVersion(group);
      return version === served
        ? { is: 'known', known }
        : { is: 'refused', message: `apiVersion ${version} of ${name} is not served any more; write ${served}` };
    }
  }
  if (builtInGroups.test(group) && !addedGroups.test(group)) {
    const meant = reviewedByName.get(name.toLowerCase());
    if (meant !== undefined) {
      const due = `apiVersion ${servedVersion(resourcesOf[meant].group)} and kind ${meant}`;
      return { is: 'refused', message: `apiVersion ${version} has no kind ${name}; write ${due}` };
    }
    return { is: 'unjudged', note: `nothing of gpugate judges a ${name}` };
  }
  return {
    is: 'unjudged',
    note: `${name} (${group}) is no kind of Kubernetes: gpugate does not know whether it creates pods, and judges those when they are created`,
  };
}

function servedVersion(group: string): string {
  return group === '' ? 'v1' : `${group}/v1`;
}

function ownNote(kind: string): string {
  if (kind === 'WorkloadPolicy' || kind === 'TenantQuota') {
    return `a ${kind} is no workload; name its file with --policies to judge by it`;
  }
  if (kind === 'ClusterSnapshot') return 'a ClusterSnapshot is no workload; name its file with --snapshot';
  return `nothing judges a ${kind}`;
}

/** Text of `metadata`, empty where there is none. */
export function metaText(object: PlainObject, field: 'name' | 'generateName' | 'namespace'): string {
  const metadata = object['metadata'];
  const value = isPlainObject(metadata) ? metadata[field] : undefined;
  return typeof value === 'string' ? value : '';
}
