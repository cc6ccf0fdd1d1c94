import { describe, expect, test } from 'vitest';
import { apiErrorOf, describeRequest, type RequestLine } from '../../../src/cluster/client/api-error.ts';

const described: Readonly<Record<string, readonly [RequestLine, string]>> = {
  'a list': [{ method: 'GET', path: '/api/v1/pods?limit=50' }, 'list pods'],
  'a watch': [{ method: 'GET', path: '/api/v1/nodes?watch=1', isWatch: true }, 'watch nodes'],
  'an object': [{ method: 'GET', path: '/api/v1/nodes/n1' }, 'get nodes "n1"'],
  'a namespace': [{ method: 'GET', path: '/api/v1/namespaces/a' }, 'get namespaces "a"'],
  'the status of a namespace': [{ method: 'PUT', path: '/api/v1/namespaces/a/status' }, 'update namespaces/status "a"'],
  'a list in a namespace': [{ method: 'GET', path: '/api/v1/namespaces/a/pods' }, 'list pods in namespace a'],
  'an object in a namespace': [
    { method: 'DELETE', path: '/api/v1/namespaces/a/pods/p' },
    'delete pods "p" in namespace a',
  ],
  'a subresource of an object of ours': [
    { method: 'PATCH', path: '/apis/gpugate.dev/v1alpha1/tenantquotas/q/status?force=true' },
    'patch tenantquotas.gpugate.dev/status "q"',
  ],
  'an object of another group': [
    { method: 'POST', path: '/apis/coordination.k8s.io/v1/namespaces/a/leases' },
    'create leases.coordination.k8s.io in namespace a',
  ],
  'many deletions': [{ method: 'DELETE', path: '/api/v1/namespaces/a/pods' }, 'deletecollection pods in namespace a'],
  'what is no resource': [{ method: 'GET', path: '/version?timeout=1s' }, 'get /version'],
};

test.each(Object.entries(described))('a request is described as a role names it: %s', (_, [request, wanted]) => {
  const { verb, object } = describeRequest(request);
  expect(`${verb} ${object}`).toBe(wanted);
});

const pod: RequestLine = { method: 'GET', path: '/api/v1/namespaces/a/pods/p' };
const status = (message: string, reason = '') => JSON.stringify({ kind: 'Status', message, reason });

const messages: Readonly<Record<string, readonly [number, string, string]>> = {
  'credentials that are not accepted': [
    401,
    status('Unauthorized', 'Unauthorized'),
    'cannot get pods "p" in namespace a: the API server does not accept the credentials (Unauthorized). Renew the token or the client certificate.',
  ],
  'a role that lacks a verb': [
    403,
    status('pods "p" is forbidden', 'Forbidden'),
    `cannot get pods "p" in namespace a: the role lacks the verb get on pods in namespace a (pods "p" is forbidden). Apply gpugate's RBAC, or add it.`,
  ],
  'an object that is not there': [
    404,
    status('pods "p" not found', 'NotFound'),
    'cannot get pods "p" in namespace a: there is no such object or resource (pods "p" not found). Are the CRDs installed?',
  ],
  'an object that somebody else wrote': [
    409,
    status('please apply your changes to the latest version', 'Conflict'),
    'cannot get pods "p" in namespace a: somebody else wrote it first (please apply your changes to the latest version).',
  ],
  'a version that is gone': [
    410,
    status('The provided continue parameter is too old', 'Expired'),
    'cannot get pods "p" in namespace a: the version asked for is too old (The provided continue parameter is too old).',
  ],
  'a fault of the server': [
    500,
    status('etcdserver: no leader'),
    'cannot get pods "p" in namespace a: etcdserver: no leader',
  ],
  'text of a proxy': [502, 'Bad Gateway\n', 'cannot get pods "p" in namespace a: Bad Gateway'],
  'nothing at all': [503, '', 'cannot get pods "p" in namespace a: HTTP 503'],
  'JSON that is no status': [503, 'null', 'cannot get pods "p" in namespace a: HTTP 503'],
  'a status whose message is no text': [503, '{"message":{}}', 'cannot get pods "p" in namespace a: HTTP 503'],
};

describe('an error of the API server says what to do', () => {
  test.each(Object.entries(messages))('about %s', (_, [code, body, message]) => {
    expect(apiErrorOf(pod, code, body).message).toBe(message);
  });

  test('and how it may be met', () => {
    const kinds = [0, 401, 403, 404, 409, 410, 429, 500, 503].map((code) => {
      const error = apiErrorOf(pod, code, status('', 'X'));
      const { isNotFound, isForbidden, isConflict, isGone, isTransient } = error;
      return [
        code,
        ...Object.entries({ isNotFound, isForbidden, isConflict, isGone, isTransient }).flatMap(([name, is]) =>
          is ? name : [],
        ),
      ].join(' ');
    });
    expect(kinds).toEqual([
      '0 isTransient',
      '401',
      '403 isForbidden',
      '404 isNotFound',
      '409 isConflict',
      '410 isGone',
      '429 isTransient',
      '500 isTransient',
      '503 isTransient',
    ]);
  });

  test('and how long to wait', () => {
    const waits = ['3', '0', '', '-1', 'Wed, 21 Oct 2026 07:28:00 GMT', undefined].map(
      (header) => apiErrorOf(pod, 429, '', header).retryAfterMs,
    );
    expect(waits).toEqual([3000, 0, undefined, undefined, undefined, undefined]);
  });
});
