import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { objectsOf } from './settings-of-test.ts';

/** The page on installation goes through Kubernetes' good practices for webhooks; what code can show of them is shown by a test. */

const root = join(import.meta.dirname, '../../..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

/** How many practices the list of the Kubernetes documentation has here, and what its reference page adds. */
const count = 49;
const ofReferencePage = ['Warnings', 'Client certificates'];

type Row = { readonly numbers: readonly number[]; readonly name: string; readonly how: string };

const section = /^## Good practice\n([\s\S]*?)^## /m.exec(read('manifests/README.md'))?.[1] ?? '';
const rows: readonly Row[] = [...section.matchAll(/^\| (?!practice|-)([^|]+)\|([^|]+)\|$/gm)].map(
  ([, first = '', how = '']) => {
    const [, numbers = '', name = ''] = /^(?:([\d, ]+)\. )?(.*)$/.exec(first.trim()) ?? [];
    return { numbers: numbers === '' ? [] : numbers.split(', ').map(Number), name, how: how.trim() };
  },
);

const webhooks = 'test/cli/manifests/webhooks.test.ts';
const deployment = 'test/cli/manifests/deployment.test.ts';
const mutations = 'test/mutations/apply.property.test.ts';
const here = 'test/cli/manifests/practices.test.ts';
const excluded = [webhooks, 'leave out kube-system, kube-node-lease and our own namespace'] as const;
const survived = ['test/policies/fixtures.test.ts', 'has one answer for each fixture that fails'] as const;
const repeated = [mutations, 'the patch applies, and a second run changes nothing'] as const;
const narrow = ['test/e2e/match-conditions.e2e.test.ts', 'no pod is so large that nobody judges it'] as const;
const failsOpen = [
  webhooks,
  'mutate only pods, only at their creation, fail open, and again when others change',
] as const;
const keeps = [
  mutations,
  'nothing that exists changes, except the variables of MPS and NVIDIA_VISIBLE_DEVICES',
] as const;
const declares = [webhooks, 'give up after 5 s, match every version of the API, and declare what they write'] as const;
const neverMatched = [
  webhooks,
  'never match reviews of tokens or access, Leases, status, bindings, deletions',
] as const;

/** Which test shows the practice. */
const shown: Readonly<Record<number | string, readonly [file: string, title: string]>> = {
  3: [here, 'no webhook of ours judges our own objects'],
  4: failsOpen,
  5: ['test/admission/admit.test.ts', 'is not read for one that the view shows'],
  6: narrow,
  7: ['test/bench/path.ts', 'bar'],
  8: failsOpen,
  10: declares,
  11: [deployment, 'is what Service, PodDisruptionBudget, NetworkPolicy and its own selector choose'],
  12: neverMatched,
  13: excluded,
  14: excluded,
  15: neverMatched,
  16: excluded,
  17: narrow,
  18: declares,
  19: keeps,
  20: keeps,
  21: ['test/mutations/mps-environment.test.ts', 'mps-environment'],
  22: ['test/mutations/mps-environment.test.ts', 'mps-environment'],
  23: keeps,
  24: ['test/mutations/standard-labels.test.ts', 'standard-labels'],
  25: declares,
  26: ['test/e2e/quota-use.e2e.test.ts', 'answers as the real one does, and writes nothing to the ledger'],
  27: excluded,
  28: [webhooks, 'fail closed for nothing but pods that touch GPUs'],
  29: survived,
  30: ['test/workload/demand.e2e.test.ts', 'podTotal is what Kubernetes adds up of %s'],
  31: [here, 'no webhook of ours is called for what gpugate writes'],
  32: ['test/admission/admit.test.ts', 'a mirror pod that a kubelet sends'],
  33: repeated,
  34: failsOpen,
  35: repeated,
  36: repeated,
  37: survived,
  38: survived,
  40: failsOpen,
  42: [mutations, 'no request exceeds its limit, and requests of devices equal their limits'],
  44: survived,
  45: ['test/e2e/manifests/kustomize.e2e.test.ts', 'takes each object of every overlay without a warning'],
  Warnings: ['test/policies/denial.test.ts', 'end at 4,096 bytes with a line that counts the rest'],
};
/** What no code can keep: nothing but a sentence is due, and no test. */
const noMore: ReadonlySet<number> = new Set([49]);

describe('the section on good practice', () => {
  test('has a row for each item, once, in the order of the first of each', () => {
    const numbers = rows.flatMap((row) => row.numbers);
    expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, index) => index + 1));
    const firsts = rows.flatMap((row) => row.numbers[0] ?? []);
    expect(firsts).toEqual(firsts.toSorted((a, b) => a - b));
    expect(rows.filter((row) => row.numbers.length === 0).map(({ name }) => name)).toEqual(ofReferencePage);
  });

  test("says for each that no test shows that it is the admin's, and why", () => {
    const unshown = rows.filter(({ numbers, name }) =>
      (numbers.length === 0 ? [name] : numbers).some((one) => !(one in shown) && !noMore.has(Number(one))),
    );
    expect(unshown.filter(({ how }) => !/Admin: .{20}|Admin; .{20}/.test(how)).map(({ name }) => name)).toEqual([]);
    for (const { name, how } of rows)
      expect([name, how]).toEqual([expect.stringMatching(/\S/), expect.stringMatching(/\S/)]);
  });

  test.each(Object.entries(shown))('is right that a test shows item %s', (_, [file, title]) => {
    expect(read(file)).toContain(title);
  });
});

type Rule = { readonly apiGroups: readonly string[]; readonly resources: readonly string[] };
const rules = objectsOf()
  .filter(({ kind }) => kind.endsWith('WebhookConfiguration'))
  .flatMap((object) => (object['webhooks'] as { rules: Rule[] }[]).flatMap((webhook) => webhook.rules));
const matched = (group: string, resource: string) =>
  rules.some(({ apiGroups, resources }) => apiGroups.includes(group) && resources.includes(resource));

describe('of what gpugate itself writes and reads', () => {
  test('no webhook of ours judges our own objects', () => {
    expect(rules.flatMap(({ apiGroups }) => apiGroups).filter((group) => group.includes('gpugate'))).toEqual([]);
  });

  test('no webhook of ours is called for what gpugate writes', () => {
    // Each line of its roles that writes: neither that resource, nor the one it is a part of.
    const written = objectsOf()
      .filter(({ kind }) => kind.endsWith('Role'))
      .flatMap((role) => role['rules'] as (Rule & { verbs: string[] })[])
      .filter(({ verbs }) => verbs.some((verb) => ['create', 'update', 'patch'].includes(verb)));
    expect(written.length).toBeGreaterThan(3);
    for (const { apiGroups, resources } of written) {
      for (const resource of resources) {
        const [whole = ''] = resource.split('/');
        const isMatched = apiGroups.some((group) => matched(group, whole) || matched(group, resource));
        expect([resource, isMatched]).toEqual([resource, false]);
      }
    }
  });
});
