import { ApiError } from '../../../cluster/client/api-error.ts';
import { appName } from '../../manifests/install-settings.ts';
import { problem, ok, skipped, type Check, type DoctorContext, type Finding } from '../check.ts';
import { describeRight, neededRights, type NeededRight, type ResourceAttributes } from '../needed-rights.ts';

/** For about 40 short requests: fast enough, and no burden for an API server in trouble. */
const maxQuestions = 8;

const authorization = '/apis/authorization.k8s.io/v1';
const authentication = '/apis/authentication.k8s.io/v1';

type Answer = { readonly status?: { readonly allowed?: boolean; readonly evaluationError?: string } };
type Review = { readonly kind: string; readonly path: string; readonly spec: object };

/** Whether the ServiceAccount of gpugate has every right of its roles, whoever runs the doctor. */
export const rights: Check = {
  id: 'rights',
  look: async (context) => {
    const { client, namespace, certificates } = context;
    const user = `system:serviceaccount:${namespace}:${appName}`;
    const needed = neededRights(certificates, namespace);
    try {
      const reviewOf = (await whoAmI(client)) === user ? reviewOfSelf : reviewOfAnother(user, namespace);
      const findings = await mapAtMost(maxQuestions, needed, async (right) => {
        const { kind, path, spec } = reviewOf(right.attributes);
        const body = { apiVersion: 'authorization.k8s.io/v1', kind, spec };
        return judge(user, right, (await client.request({ method: 'POST', path, body })) as Answer);
      });
      const missing = findings.filter((one) => one !== undefined);
      return missing.length > 0 ? missing : [ok(`${user}: has all ${needed.length} rights of its roles`)];
    } catch (error) {
      if (!(error instanceof ApiError) || !error.isForbidden) throw error;
      const mend = 'Run the doctor as a Job in the cluster, or as a user who may create subjectaccessreviews.';
      return [skipped(`${user}: you may not ask about its rights`, mend)];
    }
  },
};

/** The name by which the API server knows the user of the doctor. */
async function whoAmI(client: DoctorContext['client']): Promise<string | undefined> {
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  const answer = (await client.request({ method: 'POST', path: `${authentication}/selfsubjectreviews`, body })) as {
    readonly status?: { readonly userInfo?: { readonly username?: string } };
  };
  return answer.status?.userInfo?.username;
}

/** Every user may ask this about themselves, including gpugate. */
function reviewOfSelf(resourceAttributes: ResourceAttributes): Review {
  const path = `${authorization}/selfsubjectaccessreviews`;
  return { kind: 'SelfSubjectAccessReview', path, spec: { resourceAttributes } };
}

function reviewOfAnother(user: string, namespace: string): (attributes: ResourceAttributes) => Review {
  // The API server puts every ServiceAccount into these groups, and a right may come from one of them.
  const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'];
  const path = `${authorization}/subjectaccessreviews`;
  return (resourceAttributes) => ({ kind: 'SubjectAccessReview', path, spec: { user, groups, resourceAttributes } });
}

function judge(user: string, { attributes, roles }: NeededRight, { status }: Answer): Finding | undefined {
  if (status?.allowed === true) return undefined;
  const why = status?.evaluationError === undefined ? '' : ` (${status.evaluationError})`;
  const [first = ''] = roles;
  const mend = `Apply ${roles.join(' or ')} and the binding of the same name again: kubectl apply -k . or helm upgrade.`;
  return problem(`${user}: may not ${describeRight(attributes)}, a right of ${first}${why}`, mend);
}

/** The result of `ask` for each item, in order, with at most `limit` calls at once. */
export async function mapAtMost<T, R>(
  limit: number,
  items: readonly T[],
  ask: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const answers: R[] = [];
  const waiting = items.entries();
  const worker = async (): Promise<void> => {
    // All workers share the iterator, so each item is taken once.
    for (const [index, item] of waiting) answers[index] = await ask(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return answers;
}
