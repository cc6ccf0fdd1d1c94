/** Names of resources, as k8s.io/component-helpers (scheduling/corev1 and resource) tell them apart. */

/** `IsNativeResource`: without a domain, or with one of kubernetes.io. */
export function isNativeResource(name: string): boolean {
  return !name.includes('/') || name.includes('kubernetes.io/');
}

/** `IsExtendedResourceName`: what device plugins offer; a key of ResourceQuota is none. */
export function isExtendedResource(name: string): boolean {
  return !isNativeResource(name) && !name.startsWith('requests.');
}

/** `IsOvercommitAllowed`: a container may use more than it requested; of all others request and limit are equal. */
export function isOvercommittable(name: string): boolean {
  return isNativeResource(name) && !name.startsWith('hugepages-');
}
