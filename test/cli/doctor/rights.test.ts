import { describe, expect, test } from 'vitest';
import { mapAtMost, rights } from '../../../src/cli/doctor/checks/rights.ts';
import { describeRight, neededRights, type ResourceAttributes } from '../../../src/cli/doctor/needed-rights.ts';
import { roleLines } from '../../e2e/rights/role-lines.ts';
import { everyMode, objectsOf } from '../manifests/settings-of-test.ts';
import { contextOf, fakeCluster, findingsOf } from './fake-cluster.ts';

const ours = 'system:serviceaccount:gpugate-system:gpugate';
type Spec = { user?: string; groups?: string[]; resourceAttributes: ResourceAttributes };

/** An API server that knows who asks, and lets gpugate do everything but what `isMissing` says. */
function authorizer({
  caller = 'admin',
  isMissing = (_right: string) => false,
  error = undefined as string | undefined,
}) {
  const asked: { path: string; spec: Spec }[] = [];
  const client = fakeCluster({}, ({ path, body }) => {
    if (path.endsWith('/selfsubjectreviews')) return { status: { userInfo: { username: caller } } };
    if (caller === 'nobody') return 403;
    const { spec } = body as { spec: Spec };
    asked.push({ path, spec });
    const allowed = !isMissing(describeRight(spec.resourceAttributes));
    return { status: { allowed, ...(allowed || error === undefined ? {} : { evaluationError: error }) } };
  });
  return { client, asked };
}

const countOf = (certificates: 'self-managed' | 'files') => neededRights(certificates, 'gpugate-system').length;

describe('rights', () => {
  test('are those of the generated roles, each asked once', () => {
    for (const [certificates, settings] of everyMode) {
      const lines = roleLines(objectsOf(settings)).flatMap(({ verb, resource, names = [undefined], namespace }) =>
        names.map((name) => {
          const place = namespace === undefined ? '' : ` in namespace ${namespace}`;
          return `${verb} ${resource}${name === undefined ? '' : ` "${name}"`}${place}`;
        }),
      );
      const needed = neededRights(certificates as 'files', 'gpugate-system').map((one) =>
        describeRight(one.attributes),
      );
      expect(needed.toSorted()).toEqual([...new Set(lines)].toSorted());
    }
  });

  test('are asked for gpugate, with its groups, when somebody else looks', async () => {
    const { client, asked } = authorizer({});
    const count = countOf('self-managed');
    expect(await findingsOf(rights, contextOf(client))).toEqual([`ok: ${ours}: has all ${count} rights of its roles`]);
    expect(asked).toHaveLength(count);
    for (const { path, spec } of asked) {
      expect(path).toBe('/apis/authorization.k8s.io/v1/subjectaccessreviews');
      expect(spec.user).toBe(ours);
      expect(spec.groups).toEqual([
        'system:serviceaccounts',
        'system:serviceaccounts:gpugate-system',
        'system:authenticated',
      ]);
    }
  });

  test('are asked for oneself when gpugate looks', async () => {
    const { client, asked } = authorizer({ caller: ours });
    await findingsOf(rights, contextOf(client));
    expect(new Set(asked.map(({ path }) => path))).toEqual(
      new Set(['/apis/authorization.k8s.io/v1/selfsubjectaccessreviews']),
    );
    expect(asked[0]?.spec).not.toHaveProperty('user');
  });

  test('of the certificates are not needed where somebody else makes them', async () => {
    const { client } = authorizer({ isMissing: (right) => right.includes('secrets') });
    expect(await findingsOf(rights, contextOf(client, { certificates: 'files' }))).toEqual([
      `ok: ${ours}: has all ${countOf('files')} rights of its roles`,
    ]);
  });

  const missing: Readonly<Record<string, readonly [string, string]>> = {
    'of the cluster': ['list pods', 'problem: WHO: may not list pods, a right of ClusterRole gpugate-server'],
    'on a part of an object, which two roles give': [
      'patch tenantquotas.gpugate.dev/status',
      'problem: WHO: may not patch tenantquotas.gpugate.dev/status, a right of ClusterRole gpugate-server',
    ],
    'in the namespace, on one object': [
      'update leases.coordination.k8s.io "gpugate" in namespace gpugate-system',
      'problem: WHO: may not update leases.coordination.k8s.io "gpugate" in namespace gpugate-system, a right of Role gpugate-leader',
    ],
  };
  test.each(Object.entries(missing))('that are missing are named with the role: one %s', async (_, [right, says]) => {
    const { client } = authorizer({ isMissing: (one) => one === right });
    expect(await findingsOf(rights, contextOf(client))).toEqual([says.replace('WHO', ours)]);
  });

  test('that could not be judged say why', async () => {
    const { client } = authorizer({ isMissing: (one) => one === 'list pods', error: 'role "x" not found' });
    expect(await findingsOf(rights, contextOf(client))).toEqual([
      `problem: ${ours}: may not list pods, a right of ClusterRole gpugate-server (role "x" not found)`,
    ]);
  });

  test('are skipped for whoever may not ask', async () => {
    const { client } = authorizer({ caller: 'nobody' });
    expect(await findingsOf(rights, contextOf(client))).toEqual([`skipped: ${ours}: you may not ask about its rights`]);
  });
});

test('of many questions only some are open at once, and the answers keep their order', async () => {
  let open = 0;
  let most = 0;
  const answers = await mapAtMost(3, [5, 1, 4, 2, 3, 0], async (n) => {
    most = Math.max(most, ++open);
    for (let i = 0; i < n; i++) await Promise.resolve();
    open--;
    return n * 2;
  });
  expect(answers).toEqual([10, 2, 8, 4, 6, 0]);
  expect(most).toBe(3);
  expect(await mapAtMost(3, [], () => Promise.reject(new Error('never')))).toEqual([]);
});
