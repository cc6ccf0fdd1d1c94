/** Kinds of resource names, as k8s.io/component-helpers (scheduling/corev1 and resource) distinguishes them. */

/** `IsNativeResource`: without a domain, or with a domain of kubernetes.io. */
export function isNativeResource(name: string): boolean {
  return !name.includes('/') || name.includes('kubernetes.io/');
}

/** `IsExtendedResourceName`: what device plugins offer, and not ResourceQuota keys. */
export function isExtendedResource(name: string): boolean {
  return !isNativeResource(name) && !name.startsWith('requests.');
}

/** `IsOvercommitAllowed`: a container may use more than it requests. For all others, request and limit are equal. */
export function isOvercommittable(name: string): boolean {
  return isNativeResource(name) && !name.startsWith('hugepages-');
}
