import {
  gpuHostPathInfix,
  gpuResourcePrefixes,
  gpuRuntimeClassPrefix,
  gpuVariablePrefixes,
} from '../../workload/device-access.ts';
import { mpsAnnotationPrefix } from '../../workload/mps.ts';

/**
 * The predicates of `matchConditions`, in CEL: the API server evaluates them, and calls gpugate only where they hold.
 * `touchesGpu` says the same as the function of that name in workload/device-access.ts, out of the same constants; a test
 * holds the two together.
 *
 * An expression that costs more than a million units fails, and failurePolicy decides: gpu.validate refuses the pod.
 * A condition whose cost a tenant can raise must therefore never stand on a webhook that may be ignored: padded with
 * variables, a pod would escape it.
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
 * True for a pod that says anything about GPUs. Privileged pods and those that mount a parent of /dev are not among
 * them: node agents do both, and they must start while gpugate is down. They reach the webhook that may be ignored.
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
 * Of updates of a pod itself, only those that may move it to another group of a quota. Costs a tenth of a unit a label;
 * and were it too dear, the webhook that fails closed would refuse.
 */
export const changesWhatIsCharged = `request.operation != 'UPDATE' || ${isSubResource} || ${differs('labels')}`;

/**
 * An update of an object itself is judged only when its labels or annotations change: status and spec churn pass.
 * Two maps are compared at a tenth of a unit an entry: 3 MB of labels, the largest request, stay far below the budget.
 */
export const changesWhatIsJudged = `request.operation != 'UPDATE' || ${isSubResource} || ${differs('labels')} || ${differs('annotations')}`;
