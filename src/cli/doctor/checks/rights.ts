import { ApiError } from '../../../cluster/client/api-error.ts';
import { appName } from '../../manifests/install-settings.ts';
import { mapAtMost } from '../at-most.ts';
import { fault, ok, skipped, type Check, type DoctorContext, type Finding } from '../check.ts';
import { describeRight, neededRights, type NeededRight, type ResourceAttributes } from '../needed-rights.ts';

/** Some 40 short questions: fast enough, and no burden for an API server that is ill already. */
const maxQuestions = 8;

const authorization = '/apis/authorization.k8s.io/v1';
const authentication = '/apis/authentication.k8s.io/v1';

type Answer = { readonly status?: { readonly allowed?: boolean; readonly evaluationError?: string } };
type Review = { readonly kind: string; readonly path: string; readonly spec: object };

/** Whether gpugate's ServiceAccount has each right of its roles, whoever looks. */
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
      return missing.length > 0 ? missing : [ok(`${user}: has each of the ${needed.length} rights of its roles`)];
    } catch (error) {
      if (!(error instanceof ApiError) || !error.isForbidden) throw error;
      const mend = 'Run the doctor as its Job, or as somebody who may create subjectaccessreviews.';
      return [skipped(`${user}: you may not ask what it may do`, mend)];
    }
  },
};

/** The name by which the API server knows whoever asks. */
async function whoAmI(client: DoctorContext['client']): Promise<string | undefined> {
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  const answer = (await client.request({ method: 'POST', path: `${authentication}/selfsubjectreviews`, body })) as {
    readonly status?: { readonly userInfo?: { readonly username?: string } };
  };
  return answer.status?.userInfo?.username;
}

/** Everybody may ask that, gpugate too. */
function reviewOfSelf(resourceAttributes: ResourceAttributes): Review {
  const path = `${authorization}/selfsubjectaccessreviews`;
  return { kind: 'SelfSubjectAccessReview', path, spec: { resourceAttributes } };
}

function reviewOfAnother(user: string, namespace: string): (attributes: ResourceAttributes) => Review {
  // Those that the API server gives to every ServiceAccount: a right may come by one of them.
  const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'];
  const path = `${authorization}/subjectaccessreviews`;
  return (resourceAttributes) => ({ kind: 'SubjectAccessReview', path, spec: { user, groups, resourceAttributes } });
}

function judge(user: string, { attributes, roles }: NeededRight, { status }: Answer): Finding | undefined {
  if (status?.allowed === true) return undefined;
  const why = status?.evaluationError === undefined ? '' : ` (${status.evaluationError})`;
  const [first = ''] = roles;
  const mend = `Apply ${roles.join(' or ')} again, and the binding of that name: kubectl apply -k . or helm upgrade.`;
  return fault(`${user}: may not ${describeRight(attributes)}, a right of ${first}${why}`, mend);
}
