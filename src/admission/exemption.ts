import { compileGlobs } from '../workload/match.ts';
import type { ObjectMeta } from '../workload/pod.ts';
import { isKubelet } from '../workload/requester.ts';
import type { AdmissionRequest } from '../review/decode.ts';

/** Globs of what is never judged or changed, whatever the policies say. */
export type ExemptionSettings = {
  readonly namespaces: readonly string[];
  readonly users: readonly string[];
  readonly groups: readonly string[];
};

/** The reason why a request is exempt, or undefined. */
export type FindExemption = (request: AdmissionRequest) => string | undefined;

export function compileExemptions(settings: ExemptionSettings): FindExemption {
  const isExemptNamespace = compileGlobs(settings.namespaces);
  const isExemptUser = compileGlobs(settings.users);
  const isExemptGroup = compileGlobs(settings.groups);
  return ({ namespace, user }) => {
    if (isExemptNamespace(namespace)) return `namespace ${namespace}`;
    if (isExemptUser(user.username)) return `user ${user.username}`;
    const group = user.groups.find(isExemptGroup);
    return group === undefined ? undefined : `group ${group}`;
  };
}

/** Every mirror pod has it (`MirrorPodAnnotationKey` of core/v1). */
export const mirrorAnnotation = 'kubernetes.io/config.mirror';

/**
 * A mirror pod shows a static pod of a node. It cannot be changed, and a refusal stops nothing.
 * The annotation proves nothing by itself, because any tenant can write it: the requester must be a kubelet.
 */
export function isMirrorPod(request: AdmissionRequest, meta: ObjectMeta): boolean {
  return mirrorAnnotation in meta.annotations && isKubelet(request.user);
}
