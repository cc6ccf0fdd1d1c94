import { expect, test } from 'vitest';
import { isClusterController, isKubelet } from '../../src/workload/requester.ts';

const user = (username: string, ...groups: string[]) => ({ username, groups });

const controllers: Readonly<Record<string, [username: string, namespace: string, is: boolean]>> = {
  'the controller manager': ['system:kube-controller-manager', 'proj-a', true],
  'a controller of Kubernetes': ['system:serviceaccount:kube-system:job-controller', 'proj-a', true],
  'a controller of a namespace that begins alike': ['system:serviceaccount:proj-ab:manager', 'proj-a', true],
  'a ServiceAccount of the namespace itself': ['system:serviceaccount:proj-a:manager', 'proj-a', false],
  'a person': ['alice', 'proj-a', false],
  'another component': ['system:kube-scheduler', 'proj-a', false],
  'a user who begins like the controller manager': ['system:kube-controller-manager-x', 'proj-a', false],
};
test.each(Object.entries(controllers))('%s', (_, [username, namespace, is]) => {
  expect(isClusterController(user(username), namespace)).toBe(is);
});

test('a kubelet is recognised by its group, which no tenant can have', () => {
  expect(isKubelet(user('x', 'system:nodes'))).toBe(true);
  expect(isKubelet(user('system:node:n1', 'system:nodesx'))).toBe(false);
});
