import type { AdmissionRequest } from '../../../src/review/decode.ts';
import { resourcesOf } from '../../../src/cli/manifests/webhook-configurations.ts';
import type { OfflineJudge } from '../../../src/cli/judge/offline-judge.ts';
import type { ReviewedKind } from '../../../src/api/workload-policy.ts';
import type { ControlPlaneConnection, JsonResponse } from '../../controlplane/connect.ts';

/** What a user meets who creates or updates an object; `object` is what would be stored, without what differs each time. */
export type Answer =
  | { readonly kind: 'allowed'; readonly object: unknown; readonly warnings: readonly string[] }
  | { readonly kind: 'denied'; readonly message: string; readonly warnings: readonly string[] }
  /** The API server itself refuses the object, mutated as it is, before any validating webhook is asked. */
  | { readonly kind: 'invalid'; readonly problems: readonly string[] };

/** Excluded from every webhook, so that the API server answers there for itself alone. */
export const unwatchedNamespace = 'gpugate-system';

const denial = /^admission webhook "[a-z]+\.validate\.gpugate\.dev" denied the request: /;
const stored = ['uid', 'creationTimestamp', 'managedFields', 'resourceVersion', 'generation', 'namespace'];

/** Of a Service, allocated anew for each. */
const addresses = ['clusterIP', 'clusterIPs'];

type Meta = Readonly<Record<string, unknown>>;
type ApiObject = { readonly metadata: Meta };

/** Sends the request of a case to the API server, as a dry run. */
export type Ask = (request: AdmissionRequest) => Promise<JsonResponse>;

export function createAsk(
  { request: send }: ControlPlaneConnection,
  { isImpersonated }: { isImpersonated: boolean },
): Ask {
  return async ({ kind, namespace, name, operation, subResource, object, user }) => {
    const { group, resource } = resourcesOf[kind as ReviewedKind];
    const root = group === '' ? '/api/v1' : `/apis/${group}/v1`;
    const all = `${root}/namespaces/${namespace}/${resource}`;
    const path = operation === 'CREATE' ? all : `${all}/${name}${subResource === '' ? '' : `/${subResource}`}`;
    const headers = { 'impersonate-user': user.username, 'impersonate-group': [...user.groups] };
    const method = operation === 'CREATE' ? 'POST' : 'PUT';
    return send(method, `${path}?dryRun=All`, object, isImpersonated ? headers : {});
  };
}

/** The answer of a cluster with gpugate. */
export function serverAnswer(response: JsonResponse, { namespace }: AdmissionRequest): Answer {
  const warnings = response.warnings.filter((warning) => warning.startsWith('['));
  if (response.status < 300) return { kind: 'allowed', object: comparable(response.body), warnings };
  const message = messageOf(response);
  if (denial.test(message)) return { kind: 'denied', message: message.replace(denial, ''), warnings };
  return { kind: 'invalid', problems: problemsIn(message.replaceAll(namespace, '*')) };
}

/**
 * The answer of the offline judge. What the API server makes of the object it has mutated (defaults, validation) is not
 * gpugate's to know: the API server is asked for that in a namespace where it calls no webhook.
 */
export async function offlineAnswer(
  request: AdmissionRequest,
  judge: OfflineJudge,
  askUnwatched: Ask,
): Promise<Answer> {
  const { outcome, message, object } = await judge({ ...request, dryRun: true });
  const { decision } = outcome;
  if (decision.kind === 'undecided') throw new Error(`undecided: ${decision.cause}`);
  const moved = {
    ...(object as ApiObject),
    metadata: { ...(object as ApiObject).metadata, namespace: unwatchedNamespace },
  };
  const response = await askUnwatched({ ...request, namespace: unwatchedNamespace, object: moved });
  if (response.status >= 300) {
    return { kind: 'invalid', problems: problemsIn(messageOf(response).replaceAll(unwatchedNamespace, '*')) };
  }
  const { warnings } = decision;
  if (decision.kind === 'deny') return { kind: 'denied', message: message ?? '', warnings };
  return { kind: 'allowed', object: comparable(response.body), warnings };
}

function comparable(body: unknown): unknown {
  const { metadata, spec, ...rest } = body as ApiObject & { readonly spec?: Meta };
  return { ...rest, spec: without(spec ?? {}, addresses), metadata: without(metadata, stored) };
}

function without(object: Meta, keys: readonly string[]): Meta {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
}

function messageOf({ status, body }: JsonResponse): string {
  const message = (body as { message?: unknown } | undefined)?.message;
  if (typeof message !== 'string') throw new Error(`${status}: ${JSON.stringify(body)}`);
  return message;
}

/** The API server goes over its own maps as they come: each time in another order. */
function problemsIn(message: string): readonly string[] {
  return message
    .replace(/\]$/, '')
    .split(/(?:: \[|: |, )(?=spec\.|metadata\.)/)
    .sort();
}

/** The name that the API server generated, out of its answer. */
export function generatedName({ body, status }: JsonResponse, namespace: string): string | undefined {
  if (status < 300) return String((body as ApiObject).metadata['name']);
  const message = String((body as { message?: unknown }).message);
  const start = message.indexOf(`${namespace}/`);
  // The sentence may end behind the name.
  return start === -1 ? undefined : /^\S+?(?=\.?(?:\s|$))/.exec(message.slice(start + namespace.length + 1))?.[0];
}
