import { describe, expect, test } from 'vitest';
import { decodeReview, nestsDeeperThan } from '../../src/review/decode.ts';
import { bytesOf, reviewOf } from '../support/reviews.ts';

const valid = () => reviewOf({}) as { request: Record<string, unknown> } & Record<string, unknown>;

describe('decodeReview', () => {
  test('reads what the API server sends', () => {
    const decoded = decodeReview(
      bytesOf(reviewOf({ dryRun: true, subResource: 'resize', operation: 'UPDATE', oldObject: {} })),
    );
    expect(decoded).toMatchObject({
      ok: true,
      request: {
        uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
        kind: 'Pod',
        group: '',
        resource: 'pods',
        subResource: 'resize',
        name: 'job-7-train',
        namespace: 'proj-a',
        operation: 'UPDATE',
        user: { username: 'alice', groups: ['tenants', 'system:authenticated'] },
        dryRun: true,
        oldObject: {},
      },
    });
  });

  test('reads a request whose optional fields are absent or null', () => {
    const review = valid();
    for (const field of ['name', 'namespace', 'userInfo', 'dryRun', 'object']) delete review.request[field];
    review.request['subResource'] = null;
    const decoded = decodeReview(bytesOf(review));
    expect(decoded).toMatchObject({
      ok: true,
      request: {
        name: '',
        namespace: '',
        subResource: '',
        user: { username: '', groups: [] },
        dryRun: false,
        object: null,
      },
    });
  });

  test('keeps the whole object', () => {
    const object = { metadata: { name: 'data' }, spec: { resources: { requests: { storage: '1Gi' } }, any: [1] } };
    const kind = { group: '', version: 'v1', kind: 'PersistentVolumeClaim' };
    expect(decodeReview(bytesOf(reviewOf({ kind, object })))).toMatchObject({ ok: true, request: { object } });
  });

  const deep = Buffer.from('['.repeat(300_000) + ']'.repeat(300_000));
  const cases: Readonly<Record<string, [Buffer, string, string]>> = {
    'an empty body': [Buffer.alloc(0), 'empty_body', 'the request body is empty; an AdmissionReview is expected.'],
    'text that is no JSON': [Buffer.from('hello'), 'not_json', 'the request body is not JSON'],
    'JSON that is cut off': [bytesOf(valid()).subarray(0, 500), 'not_json', 'the request body is not JSON'],
    'bytes that are not UTF-8': [Buffer.from([0x22, 0xff, 0xfe, 0x22]), 'not_utf8', 'the request body is not UTF-8'],
    'nesting that would cost memory': [deep, 'too_deep', 'the request body nests deeper than 10000 levels'],
    'another apiVersion': [
      bytesOf({ ...valid(), apiVersion: 'admission.k8s.io/v1beta1' }),
      'not_a_review',
      'not an AdmissionReview of admission.k8s.io/v1: apiVersion: Invalid input: expected "admission.k8s.io/v1"',
    ],
    'another kind': [
      bytesOf({ ...valid(), kind: 'Pod' }),
      'not_a_review',
      'not an AdmissionReview of admission.k8s.io/v1: kind: Invalid input: expected "AdmissionReview"',
    ],
    'a missing uid': [
      bytesOf({ ...valid(), request: { ...valid().request, uid: undefined } }),
      'not_a_review',
      'not an AdmissionReview of admission.k8s.io/v1: request.uid: Invalid input: expected string, received undefined',
    ],
    'no request': [
      bytesOf({ ...valid(), request: undefined }),
      'not_a_review',
      'not an AdmissionReview of admission.k8s.io/v1: request: Invalid input: expected object, received undefined',
    ],
    'a list instead of an object': [
      Buffer.from('[]'),
      'not_a_review',
      'not an AdmissionReview of admission.k8s.io/v1: Invalid input: expected object, received array',
    ],
    'groups that are no list of strings': [
      bytesOf({ ...valid(), request: { ...valid().request, userInfo: { groups: [1] } } }),
      'not_a_review',
      'not an AdmissionReview of admission.k8s.io/v1: request.userInfo.groups.0: Invalid input: expected string, received number',
    ],
  };
  test.each(Object.entries(cases))('refuses %s', (_, [body, reason, message]) => {
    expect(decodeReview(body)).toEqual({ ok: false, bad: { reason, message } });
  });

  test('a key __proto__ changes no prototype', () => {
    const text = JSON.stringify(valid()).replace('"dryRun":false', '"dryRun":false,"__proto__":{"polluted":true}');
    const decoded = decodeReview(Buffer.from(text));
    expect(decoded.ok && 'polluted' in decoded.request).toBe(false);
    expect('polluted' in {}).toBe(false);
  });
});

describe('nestsDeeperThan', () => {
  const cases: Readonly<Record<string, [string, number, boolean]>> = {
    'counts arrays and objects together': ['[{"a":[]}]', 2, true],
    'accepts exactly the limit': ['[{"a":[]}]', 3, false],
    'does not count brackets in strings': ['["[[[[\\"[[[["]', 1, false],
    'counts what is open at once, not in all': ['[[],[],[],[]]', 2, false],
  };
  test.each(Object.entries(cases))('%s', (_, [text, limit, expected]) => {
    expect(nestsDeeperThan(Buffer.from(text), limit)).toBe(expected);
  });
});
