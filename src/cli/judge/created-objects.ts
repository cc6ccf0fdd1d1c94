import { isPlainObject, type PlainObject } from '../../api/plain-object.ts';
import type { ReviewedKind } from '../../api/workload-policy.ts';
import type { User } from '../../workload/requester.ts';
import { metaText } from './known-kinds.ts';

/** Objects that a controller of Kubernetes creates for a workload; they differ only in their names. */
export type CreatedObjects = {
  readonly kind: ReviewedKind;
  readonly object: PlainObject;
  readonly user: User;
  /** How many exist at once if all goes well. `perNode`: one on each node that the pod selects. */
  readonly count: number | 'perNode';
  /** The field of the workload that describes the object, such as `spec.template`. */
  readonly path: string;
};

/** The user of a controller if kube-controller-manager runs with `--use-service-account-credentials`. */
function controller(name: string): User {
  return {
    username: `system:serviceaccount:kube-system:${name}`,
    groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'],
  };
}

/** A sample hash of a pod template; the real one depends on the API server's defaults. */
const sampleHash = '7c9f8d6b54';
/** Sample minutes since 1970 for the name of a CronJob's Job. */
const sampleMinutes = '29000000';

/** The index of the first of several objects. */
const firstIndex = '0';

type Owner = { readonly apiVersion: string; readonly kind: ReviewedKind; readonly name: string };

/** Empty for a kind that creates nothing. Malformed fields are copied, for the readers to find. */
export function createdObjects(kind: ReviewedKind, workload: PlainObject): readonly CreatedObjects[] {
  const name = metaText(workload, 'name') || `${metaText(workload, 'generateName')}x7k2p`;
  const spec = objectIn(workload, 'spec');
  switch (kind) {
    case 'Deployment': {
      const replicaSet = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${name}-${sampleHash}` } as const;
      const hashed = withLabels(objectIn(spec, 'template'), { 'pod-template-hash': sampleHash });
      const owner = { apiVersion: 'apps/v1', kind, name } as const;
      const made = { ...spec, template: hashed };
      return [
        {
          kind: 'ReplicaSet',
          object: owned(owner, { apiVersion: 'apps/v1', kind: 'ReplicaSet' }, hashed, {
            name: replicaSet.name,
            spec: made,
          }),
          user: controller('deployment-controller'),
          count: 1,
          path: 'spec.template',
        },
        podsOf(replicaSet, hashed, { by: 'replicaset-controller', count: replicas(spec) }),
      ];
    }
    case 'ReplicaSet':
      return [
        podsOf({ apiVersion: 'apps/v1', kind, name }, spec['template'], {
          by: 'replicaset-controller',
          count: replicas(spec),
        }),
      ];
    case 'ReplicationController':
      return [
        podsOf({ apiVersion: 'v1', kind, name }, spec['template'], {
          by: 'replication-controller',
          count: replicas(spec),
        }),
      ];
    case 'DaemonSet':
      return [
        podsOf({ apiVersion: 'apps/v1', kind, name }, spec['template'], {
          by: 'daemon-set-controller',
          count: 'perNode',
        }),
      ];
    case 'StatefulSet':
      return [...claimsOf(name, spec), statefulPods(name, spec)];
    case 'Job':
      return [jobPods(name, spec, 'spec.template')];
    case 'CronJob': {
      const template = objectIn(spec, 'jobTemplate');
      const job = { apiVersion: 'batch/v1', kind: 'Job', name: `${name}-${sampleMinutes}` } as const;
      const ofJob = objectIn(template, 'spec');
      return [
        {
          kind: 'Job',
          object: owned({ apiVersion: 'batch/v1', kind, name }, { apiVersion: 'batch/v1', kind: 'Job' }, template, {
            name: job.name,
            spec: ofJob,
          }),
          user: controller('cronjob-controller'),
          count: 1,
          path: 'spec.jobTemplate',
        },
        jobPods(job.name, ofJob, 'spec.jobTemplate.spec.template'),
      ];
    }
    case 'Pod':
    case 'Service':
    case 'PersistentVolumeClaim':
    case 'ConfigMap':
      return [];
  }
}

type Creation = {
  readonly by: string;
  readonly count: CreatedObjects['count'];
  readonly path?: string;
  readonly prefix?: string;
  /** Labels that the controller adds to those of the template. */
  readonly labels?: Readonly<Record<string, string>>;
};

function podsOf(
  owner: Owner,
  template: unknown,
  { by, count, path = 'spec.template', prefix = `${owner.name}-`, labels = {} }: Creation,
): CreatedObjects {
  const source = withLabels(isPlainObject(template) ? template : {}, labels);
  const object = owned(owner, { apiVersion: 'v1', kind: 'Pod' }, source, {
    generateName: prefix,
    spec: source['spec'],
  });
  return { kind: 'Pod', object, user: controller(by), count, path };
}

function statefulPods(name: string, spec: PlainObject): CreatedObjects {
  const pods = podsOf({ apiVersion: 'apps/v1', kind: 'StatefulSet', name }, spec['template'], {
    by: 'statefulset-controller',
    count: replicas(spec),
    labels: {
      'statefulset.kubernetes.io/pod-name': `${name}-${firstIndex}`,
      'apps.kubernetes.io/pod-index': firstIndex,
    },
  });
  const { generateName: _, ...metadata } = objectIn(pods.object, 'metadata');
  return { ...pods, object: { ...pods.object, metadata: { ...metadata, name: `${name}-${firstIndex}` } } };
}

/** Claims have no owner that is a controller, so that their names are judged: `data-web-0`. */
function claimsOf(name: string, spec: PlainObject): readonly CreatedObjects[] {
  const templates: unknown = spec['volumeClaimTemplates'];
  if (!Array.isArray(templates)) return [];
  const selected = objectIn(objectIn(spec, 'selector'), 'matchLabels');
  return templates.flatMap((template: unknown, index): CreatedObjects[] => {
    if (!isPlainObject(template)) return [];
    const metadata = objectIn(template, 'metadata');
    const claim = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      ...template,
      metadata: {
        ...metadata,
        name: `${metaText(template, 'name')}-${name}-${firstIndex}`,
        labels: { ...objectIn(metadata, 'labels'), ...selected },
      },
    };
    const path = `spec.volumeClaimTemplates[${index}]`;
    return [
      {
        kind: 'PersistentVolumeClaim',
        object: claim,
        user: controller('statefulset-controller'),
        count: replicas(spec),
        path,
      },
    ];
  });
}

function jobPods(name: string, spec: PlainObject, path: string): CreatedObjects {
  const isIndexed = spec['completionMode'] === 'Indexed';
  const prefix = isIndexed ? `${name}-${firstIndex}-` : `${name}-`;
  const parallelism = wholeNumber(spec['parallelism'], 1);
  const completions = wholeNumber(spec['completions'], parallelism);
  const count = spec['suspend'] === true ? 0 : Math.min(parallelism, completions);
  return podsOf({ apiVersion: 'batch/v1', kind: 'Job', name }, spec['template'], {
    by: 'job-controller',
    count,
    path,
    prefix,
    labels: { 'batch.kubernetes.io/job-name': name, 'job-name': name },
  });
}

/** Labels and annotations of the template, and the owner that controls it. */
function owned(
  { apiVersion, kind, name }: Owner,
  type: { readonly apiVersion: string; readonly kind: string },
  template: PlainObject,
  { spec, ...named }: { readonly name?: string; readonly generateName?: string; readonly spec: unknown },
): PlainObject {
  const { labels, annotations } = objectIn(template, 'metadata');
  const owner = { apiVersion, kind, name, uid: 'offline', controller: true, blockOwnerDeletion: true };
  return {
    ...type,
    metadata: {
      ...named,
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ownerReferences: [owner],
    },
    spec,
  };
}

function withLabels(template: PlainObject, added: Readonly<Record<string, string>>): PlainObject {
  const metadata = objectIn(template, 'metadata');
  const labels = metadata['labels'];
  // Labels that are not a map stay, for the readers to find.
  if (labels !== undefined && labels !== null && !isPlainObject(labels)) return template;
  if (Object.keys(added).length === 0) return template;
  return { ...template, metadata: { ...metadata, labels: { ...labels, ...added } } };
}

function replicas(spec: PlainObject): number {
  return wholeNumber(spec['replicas'], 1);
}

function wholeNumber(value: unknown, absent: number): number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : absent;
}

function objectIn(object: PlainObject, field: string): PlainObject {
  const value = object[field];
  return isPlainObject(value) ? value : {};
}
