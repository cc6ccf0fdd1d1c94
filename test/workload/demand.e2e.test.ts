import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { demandOf, gpuResourcePrefix, podTotal } from '../../src/workload/demand.ts';
import type { Pod } from '../../src/workload/pod.ts';
import { parseQuantity } from '../../src/workload/quantity.ts';
import { readPod } from '../../src/workload/read-pod.ts';
import { arbitraryResourcesPod, resourceNames } from './arbitrary-resources.ts';
import { askKubernetes, type Amount, type KubernetesDemand } from './kubernetes-demand.ts';

/**
 * Compares gpugate's arithmetic with Kubernetes' own: PodRequests and PodLimits of component-helpers after the defaulting
 * of the API server, and resource.Quantity of apimachinery.
 */

const seed = 20_260_417; // fixed, so that a failure is there again at the next run
const podCount = 4_000;
const wantedAccepted = 2_000; // demand of GPUs is compared for pods that the API server takes
const quantityCount = 5_000;

type Compared = { readonly pod: unknown; readonly kubernetes: KubernetesDemand };
type Difference = { seed: number; pod: string; resource: string; gpugate: unknown; kubernetes: unknown };

const shownDifferences = 3; // a pod is long, and one difference rarely comes alone

const nanosOf = (amount: Amount | undefined): bigint => BigInt(amount?.nanos ?? '0');

/**
 * Intended differences in requests as written. Webhooks get pods after their defaulting.
 * - If the pod has pod-level resources, the API server computes pod requests from those of the containers before it rounds
 *   up to thousandths. gpugate rounds for each container first, which adds less than a thousandth for each.
 * - For hugepages the API server computes pod limits, and then requests from these. The sum is the same unless a request
 *   differs from its limit, and then the API server refuses the pod.
 */
const isDefaultedOtherwise = (pod: Pod, resource: string, excess: bigint, refused: string | undefined): boolean => {
  const hasOwnResources = Object.keys(pod.podLimits).length + Object.keys(pod.podRequests).length > 0;
  if (!hasOwnResources || Object.hasOwn(pod.podRequests, resource)) return false;
  if (resource === 'hugepages-2Mi') return refused?.includes('hugepages-2Mi') === true;
  const containers = BigInt(pod.initContainers.length + pod.containers.length);
  return ['cpu', 'memory'].includes(resource) && excess > 0n && excess < containers * 1_000_000n;
};

/**
 * An intended difference in limits as written: since 1.37 the API server writes the request of the whole pod as its limit,
 * if the limits of the containers add up to less.
 */
const isLimitedByRequest = (pod: Pod, resource: string, limit: bigint): boolean =>
  Object.hasOwn(pod.podRequests, resource) &&
  !Object.hasOwn(pod.podLimits, resource) &&
  limit === podTotal(pod, resource, 'requests').total;

describe('pods', () => {
  let compared: Compared[] = [];

  beforeAll(async () => {
    const pods = fc.sample(arbitraryResourcesPod, { numRuns: podCount, seed });
    const answers = await askKubernetes<KubernetesDemand>(pods);
    compared = answers.map((kubernetes, index) => {
      const pod = pods[index];
      if ('error' in kubernetes) throw new Error(`seed ${seed}: ${kubernetes.error}: ${JSON.stringify(pod)}`);
      return { pod, kubernetes };
    });
  });

  const differences = (find: (compared: Compared) => Iterable<Omit<Difference, 'seed' | 'pod'>>): Difference[] =>
    compared
      .flatMap((each) => [...find(each)].map((found) => ({ seed, pod: JSON.stringify(each.pod), ...found })))
      .slice(0, shownDifferences);

  const accepted = (): Compared[] => compared.filter(({ kubernetes }) => kubernetes.refused === undefined);

  test('are mostly what the API server takes, and all kinds of them', () => {
    expect(accepted().length).toBeGreaterThanOrEqual(wantedAccepted);
    expect(accepted().length).toBeLessThan(podCount);
    for (const resource of resourceNames) {
      const asking = accepted().filter(({ kubernetes }) => nanosOf(kubernetes.requests[resource]) > 0n);
      expect(asking.length, resource).toBeGreaterThan(100);
    }
  });

  // Both as written, which `gpugate check` reads, and as the API server sends them to a webhook.
  describe.each(['as written', 'as stored'])('%s', (form) => {
    const read = ({ pod, kubernetes }: Compared) => readPod(form === 'as written' ? pod : kubernetes.stored);

    test.each(['requests', 'limits'] as const)('podTotal is what Kubernetes adds up of %s', (field) => {
      const found = differences(function* (each) {
        const pod = read(each);
        for (const resource of resourceNames) {
          const gpugate = podTotal(pod, resource, field).total;
          const kubernetes = nanosOf(each.kubernetes[field][resource]);
          if (gpugate === kubernetes) continue;
          const { refused } = each.kubernetes;
          if (form === 'as written' && field === 'requests') {
            if (isDefaultedOtherwise(pod, resource, gpugate - kubernetes, refused)) continue;
          }
          if (form === 'as written' && field === 'limits' && isLimitedByRequest(pod, resource, kubernetes)) continue;
          yield { resource, gpugate, kubernetes };
        }
      });
      expect(found).toEqual([]);
    });

    // For pods that the API server refuses (a fraction of a device, a request unlike its limit), demandOf differs on
    // purpose: a fraction counts as a whole device, and the limit is what the device plugin would assign.
    test('demandOf is what Kubernetes adds up of GPUs, where it accepts the pod', () => {
      const found = differences(function* (each) {
        if (each.kubernetes.refused !== undefined) return;
        const demand = demandOf(read(each));
        for (const resource of new Set([...resourceNames, ...demand.keys()])) {
          const kubernetes = resource.startsWith(gpuResourcePrefix) ? nanosOf(each.kubernetes.requests[resource]) : 0n;
          const gpugate = demand.get(resource);
          if (BigInt(gpugate ?? 0) * 1_000_000_000n !== kubernetes || gpugate === 0) {
            yield { resource, gpugate, kubernetes };
          }
        }
      });
      expect(found).toEqual([]);
    });
  });
});

describe('quantities', () => {
  const digits = fc.stringMatching(/^[0-9]{0,22}$/);
  const suffix = fc.constantFrom(
    ...['', 'n', 'u', 'm', 'k', 'M', 'G', 'T', 'P', 'E', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'],
  );
  const exponent = fc.stringMatching(/^[eE][+-]?[0-9]{0,2}$/);
  const quantity = fc
    .tuple(fc.constantFrom('', '', '+'), digits, fc.constantFrom('', '.'), digits, fc.oneof(suffix, exponent))
    .map((parts) => parts.join(''));
  const nonsense = fc.stringMatching(/^[-+.0-9eEKMimnu]{0,6}$/);

  test('are what apimachinery parses', async () => {
    const texts = fc.sample(fc.oneof({ weight: 4, arbitrary: quantity }, nonsense), { numRuns: quantityCount, seed });
    const answers = await askKubernetes<Amount>(texts);
    const found = answers
      .map((answer, index) => {
        const written = texts[index] ?? '';
        // Two intended differences: amounts of pods are never negative, so gpugate accepts only the sign +; and the
        // documented grammar requires a digit, while the code of apimachinery reads "Gi" and "." as 0.
        const refused = 'error' in answer || written.startsWith('-') || !/^[+.]*[0-9]/.test(written);
        return {
          seed,
          written,
          gpugate: parseQuantity(written),
          kubernetes: refused ? undefined : BigInt(answer.nanos),
        };
      })
      .filter(({ gpugate, kubernetes }) => gpugate !== kubernetes);
    expect(found.slice(0, shownDifferences)).toEqual([]);
    expect(answers.filter((answer) => 'error' in answer).length).toBeGreaterThan(100);
  });
});
