import { containerPath, ownValue, resourceContainers, type Container, type Pod } from '../workload/pod.ts';
import { shown } from '../text/printable.ts';

/** Which containers of a pod ask for a resource. */
export type AskedBy = {
  /** Field of the one container that asks, else of the pod. */
  readonly path: string;
  /** The quantity as written, when only one container asks. */
  readonly text: string | undefined;
  /** The parts of the sum, such as `app 4 + log 1; init setup 8`. Undefined when only one container asks. */
  readonly parts: string | undefined;
};

/** More parts than this explain nothing. */
const maxParts = 8;

function textOf(container: Container, resource: string): string | undefined {
  return ownValue(container.limits, resource) ?? ownValue(container.requests, resource);
}

function resourcePath(container: Container, resource: string): string {
  const field = ownValue(container.limits, resource) === undefined ? 'requests' : 'limits';
  return `${containerPath(container)}.resources.${field}`;
}

function part(container: Container, resource: string): string {
  return `${shown(container.name)} ${shown(textOf(container, resource) ?? '')}`;
}

function sumOf(containers: readonly Container[], resource: string): string {
  const listed = containers.slice(0, maxParts).map((container) => part(container, resource));
  return containers.length > maxParts
    ? `${listed.join(' + ')} + ${containers.length - maxParts} more`
    : listed.join(' + ');
}

export function askedBy(pod: Pod, resource: string): AskedBy {
  const whole = ownValue(pod.podLimits, resource);
  if (whole !== undefined) return { path: 'spec.resources.limits', text: whole, parts: undefined };
  const overhead = ownValue(pod.overhead, resource);
  const asking = [...resourceContainers(pod)].filter((container) => textOf(container, resource) !== undefined);
  const [only] = asking;
  const path = only === undefined || asking.length > 1 ? 'spec' : resourcePath(only, resource);
  if (only !== undefined && asking.length === 1 && overhead === undefined) {
    return { path, text: textOf(only, resource), parts: undefined };
  }
  // Sidecars run beside the containers. Every other init container runs before them, so only its own size counts.
  const staysOn = (container: Container): boolean => container.isSidecar || container.field === 'containers';
  const together = asking.filter(staysOn);
  const before = asking.filter((container) => !staysOn(container));
  const sums = [
    sumOf(together, resource),
    ...before.slice(0, maxParts).map((container) => `init ${part(container, resource)}`),
    overhead === undefined ? '' : `overhead ${shown(overhead)}`,
  ];
  return { path, text: undefined, parts: sums.filter((sum) => sum !== '').join('; ') };
}
