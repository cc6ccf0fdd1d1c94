import {
  gpuHostPathInfix,
  gpuResourcePrefixes,
  gpuRuntimeClassPrefix,
  gpuVariablePrefixes,
} from '../../workload/device-access.ts';
import { mpsAnnotationPrefix } from '../../workload/mps.ts';

/**
 * The predicates of `matchConditions`, in CEL. The API server evaluates them and calls gpugate only when they hold.
 * `touchesGpu` means the same as the function of that name in workload/device-access.ts and uses the same constants; a test
 * compares the two.
 *
 * An expression that costs more than a million units fails, and failurePolicy decides: gpu.validate refuses the pod.
 * Therefore a webhook with Ignore must never have a condition whose cost a tenant can raise, or a pod padded with variables
 * would escape it.
 */

const listOf = (field: string) => `(has(object.spec.${field}) ? object.spec.${field} : [])`;
const mapOf = (object: string, field: string) =>
  `(has(${object}.metadata.${field}) ? ${object}.metadata.${field} : {})`;

const isGpuResource = gpuResourcePrefixes.map((prefix) => `k.startsWith('${prefix}')`).join(' || ');
const gpuResource = (list: 'requests' | 'limits') =>
  `(has(c.resources.${list}) && c.resources.${list}.exists(k, ${isGpuResource}))`;

const gpuVariable = gpuVariablePrefixes.map((prefix) => `e.name.startsWith('${prefix}')`).join(' || ');

const gpuContainer = [
  `(has(c.resources) && (${gpuResource('limits')} || ${gpuResource('requests')}))`,
  `(has(c.env) && c.env.exists(e, ${gpuVariable}))`,
].join(' || ');

/**
 * True for a pod that mentions GPUs anywhere. Privileged pods and pods that mount a parent of /dev are not included, because
 * node agents do both and must start while gpugate is down. Those pods reach the webhook with Ignore.
 */
export const touchesGpu = [
  ...['containers', 'initContainers', 'ephemeralContainers'].map((f) => `${listOf(f)}.exists(c, ${gpuContainer})`),
  `${mapOf('object', 'annotations')}.exists(k, k.startsWith('${mpsAnnotationPrefix}'))`,
  `has(object.spec.resourceClaims)`,
  `(has(object.spec.runtimeClassName) && object.spec.runtimeClassName.startsWith('${gpuRuntimeClassPrefix}'))`,
  `${listOf('volumes')}.exists(v, has(v.hostPath) && v.hostPath.path.contains('${gpuHostPathInfix}'))`,
].join(' || ');

const isSubResource = `(has(request.subResource) && request.subResource != '')`;

const differs = (field: string) => `${mapOf('object', field)} != ${mapOf('oldObject', field)}`;

/**
 * Among updates of a pod itself, only those that may move it to another group of a quota. It costs a tenth of a unit for each
 * label. If it cost too much, the webhook that fails closed would refuse the update.
 */
export const changesWhatIsCharged = `request.operation != 'UPDATE' || ${isSubResource} || ${differs('labels')}`;

/**
 * An update of an object itself is judged only when its labels or annotations change, not for changes of status and spec.
 * Comparing two maps costs a tenth of a unit for each entry: 3 MB of labels, the largest request, stay far below the budget.
 */
export const changesWhatIsJudged = `request.operation != 'UPDATE' || ${isSubResource} || ${differs('labels')} || ${differs('annotations')}`;
