import type { AdmissionRequest } from '../../../src/review/decode.ts';
import { ruleIds } from '../../../src/policies/registry.ts';
import type { User } from '../../../src/workload/requester.ts';
import { fixtureNames, outcomes, readFixture, type Fixture } from '../../policies/fixture.ts';

type RawObject = Readonly<Record<string, unknown>> & {
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>>;
};

/** A fixture of a rule, made whole: a namespace of its own, with its policy, and an object that an API server takes. */
export type FixtureCase = {
  readonly title: string;
  readonly namespace: string;
  readonly policy: Readonly<Record<string, unknown>>;
  readonly nodes: NonNullable<Fixture['nodes']>;
  readonly operation: AdmissionRequest['operation'];
  readonly user: User;
  readonly object: RawObject;
  /** As stored before an update. */
  readonly oldObject: RawObject | undefined;
};

/** Everybody in it may do anything: what is tried is who is judged, not who is authorised. */
export const allowedGroup = 'conformance';

const tenant: User = { username: 'alice', groups: ['tenants', 'system:authenticated'] };

export function fixtureCases(): readonly FixtureCase[] {
  const titles = ruleIds.flatMap((rule) =>
    outcomes.flatMap((outcome) => fixtureNames(rule, outcome, '.yaml').map((name) => ({ rule, outcome, name }))),
  );
  return titles.map(({ rule, outcome, name }, index) => {
    const fixture = readFixture(rule, outcome, name);
    const namespace = `fixture-${index}`;
    const { username, groups } = fixture.user ?? tenant;
    const operation = fixture.operation ?? 'CREATE';
    const old = operation === 'CREATE' ? undefined : (fixture.oldObject ?? fixture.object);
    return {
      title: `${rule} ${outcome}: ${name}`,
      namespace,
      policy: {
        apiVersion: 'gpugate.dev/v1alpha1',
        kind: 'WorkloadPolicy',
        metadata: { name: namespace },
        spec: { ...fixture.policy, match: { ...matchOf(fixture.policy), namespaces: [namespace] } },
      },
      nodes: (fixture.nodes ?? []).map((node) => ({ ...node, name: `${namespace}-${node.name}` })),
      operation,
      user: { username, groups: [...groups, allowedGroup] },
      object: whole(fixture.object, namespace),
      oldObject: old === undefined ? undefined : whole(old, namespace),
    };
  });
}

function matchOf(policy: object): object {
  const match = 'match' in policy ? policy.match : undefined;
  return typeof match === 'object' && match !== null ? match : {};
}

const versions: Readonly<Record<string, string>> = { Deployment: 'apps/v1', Job: 'batch/v1', CronJob: 'batch/v1' };

/** What rules do not look at, and an API server wants: images, ports, uids and versions of owners. */
function whole(object: RawObject, namespace: string): RawObject {
  const { metadata, kind } = object;
  const owners = (metadata['ownerReferences'] ?? []) as readonly object[];
  return {
    apiVersion: versions[kind] ?? 'v1',
    ...object,
    metadata: {
      ...metadata,
      namespace,
      ...(owners.length > 0 && { ownerReferences: owners.map((owner) => ({ uid: 'u1', apiVersion: 'v1', ...owner })) }),
    },
    ...(kind === 'Pod' && { spec: wholeSpec(object['spec'] as Readonly<Record<string, unknown>>) }),
    ...(kind === 'Service' && { spec: { ports: [{ port: 80 }] } }),
  };
}

function wholeSpec(spec: Readonly<Record<string, unknown>>): object {
  const filled = Object.entries(spec).map(([field, value]): [string, unknown] => {
    if (!Array.isArray(value)) return [field, value];
    const items = value as readonly object[];
    if (field.endsWith('ontainers')) return [field, items.map((item) => ({ image: 'registry.example/x:1', ...item }))];
    if (field === 'volumes') return [field, items.map((item, index) => ({ name: `v${index}`, ...item }))];
    return [field, value];
  });
  // No scheduler touches them, so that an update finds them as they were stored.
  return { ...Object.fromEntries(filled), terminationGracePeriodSeconds: 0, schedulerName: 'nobody' };
}
