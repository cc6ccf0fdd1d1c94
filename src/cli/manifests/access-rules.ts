import { customResourceDefinitions } from '../../api/crd.ts';
import { ledgerName } from '../../api/quota-ledger.ts';
import { appName, ownCertificatesSecret } from './install-settings.ts';

/**
 * What gpugate may do at the API server: exactly what it does. An end-to-end test runs it with these rights alone, and
 * fails both for what is missing and for what nothing used.
 */

/** A rule of a Role or ClusterRole; one with `resourceNames` counts for these objects alone. */
export type AccessRule = {
  readonly apiGroups: readonly [string];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
};

export type Access = {
  /** In every namespace, and for what has none. */
  readonly cluster: readonly AccessRule[];
  /** In our own namespace. */
  readonly namespace: readonly AccessRule[];
};

const gpugate = 'gpugate.dev';
const coordination = 'coordination.k8s.io';
const registration = 'admissionregistration.k8s.io';
const configurations = ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'];

/** What every replica does to answer. */
export const serverAccess: Access = {
  cluster: [
    // Also one by one: a namespace that was made a moment ago, and kube-system, whose uid names the cluster.
    { apiGroups: [''], resources: ['namespaces'], verbs: ['get', 'list', 'watch'] },
    { apiGroups: [''], resources: ['nodes', 'pods'], verbs: ['list', 'watch'] },
    { apiGroups: [gpugate], resources: ['workloadpolicies', 'tenantquotas'], verbs: ['list', 'watch'] },
    { apiGroups: [gpugate], resources: ['workloadpolicies/status', 'tenantquotas/status'], verbs: ['patch'] },
    // A create knows no name, and a list and a watch are of the collection.
    { apiGroups: [gpugate], resources: ['quotaledgers'], verbs: ['list', 'watch', 'create'] },
    { apiGroups: [gpugate], resources: ['quotaledgers'], resourceNames: [ledgerName], verbs: ['get', 'update'] },
    // Whether their caBundles trust the serving certificate. A list and a watch by name are a field selector.
    { apiGroups: [registration], resources: configurations, resourceNames: [appName], verbs: ['list', 'watch'] },
    // What a quota refused, in the namespace of the pod.
    { apiGroups: [''], resources: ['events'], verbs: ['create'] },
  ],
  // The Lease gpugate-ledger says that there was a ledger once.
  namespace: [{ apiGroups: [coordination], resources: ['leases'], verbs: ['create'] }],
};

/** What only the leader does. The same ServiceAccount has it, since any replica may lead. */
export const leaderAccess: Access = {
  cluster: [
    // Before a reservation is given up, its pod is looked for by name.
    { apiGroups: [''], resources: ['pods'], verbs: ['get'] },
    { apiGroups: [gpugate], resources: ['tenantquotas/status'], verbs: ['patch'] },
  ],
  namespace: [
    { apiGroups: [coordination], resources: ['leases'], verbs: ['create'] },
    { apiGroups: [coordination], resources: ['leases'], resourceNames: [appName], verbs: ['get', 'update'] },
  ],
};

/** The mode `self-managed`: the leader writes the Secret and the caBundle, the others read. */
export const certificateAccess: Access = {
  cluster: [
    { apiGroups: [registration], resources: configurations, resourceNames: [appName], verbs: ['get', 'patch'] },
  ],
  namespace: [
    { apiGroups: [''], resources: ['secrets'], verbs: ['create'] },
    {
      apiGroups: [''],
      resources: ['secrets'],
      resourceNames: [ownCertificatesSecret],
      verbs: ['get', 'list', 'watch', 'update'],
    },
  ],
};

/** What the Job of the doctor reads, and asks: none of it is secret, and nothing is written. */
export const doctorAccess: Access = {
  cluster: [
    {
      apiGroups: ['apiextensions.k8s.io'],
      resources: ['customresourcedefinitions'],
      resourceNames: customResourceDefinitions().map(({ metadata }) => metadata.name),
      verbs: ['get'],
    },
    // Those of others too: whether they are in the way.
    { apiGroups: [registration], resources: configurations, verbs: ['list'] },
    { apiGroups: [gpugate], resources: ['workloadpolicies', 'tenantquotas'], verbs: ['list'] },
    { apiGroups: [gpugate], resources: ['quotaledgers'], resourceNames: [ledgerName], verbs: ['get'] },
    { apiGroups: [''], resources: ['namespaces'], resourceNames: ['kube-system'], verbs: ['get'] },
    // Whether the ServiceAccount of gpugate has the rights above. A review is asked by creating it.
    { apiGroups: ['authorization.k8s.io'], resources: ['subjectaccessreviews'], verbs: ['create'] },
  ],
  namespace: [{ apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list'] }],
};
