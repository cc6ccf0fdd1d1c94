import { customResourceDefinitions } from '../../api/crd.ts';
import { ledgerName } from '../../api/quota-ledger.ts';
import { appName, ownCertificatesSecret } from './install-settings.ts';

/**
 * The rights of gpugate at the API server: exactly what it uses. An end-to-end test runs it with only these rights, and fails
 * for a right that is missing and for one that nothing used.
 */

/** A rule of a Role or ClusterRole. With `resourceNames` it applies only to those objects. */
export type AccessRule = {
  readonly apiGroups: readonly [string];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
};

export type Access = {
  /** In every namespace, and for objects without one. */
  readonly cluster: readonly AccessRule[];
  /** In our own namespace. */
  readonly namespace: readonly AccessRule[];
};

const gpugate = 'gpugate.dev';
const coordination = 'coordination.k8s.io';
const registration = 'admissionregistration.k8s.io';
const configurations = ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'];

/** What every replica needs to answer. */
export const serverAccess: Access = {
  cluster: [
    // `get` is for a namespace that was just created, and for kube-system, whose uid identifies the cluster.
    { apiGroups: [''], resources: ['namespaces'], verbs: ['get', 'list', 'watch'] },
    { apiGroups: [''], resources: ['nodes', 'pods'], verbs: ['list', 'watch'] },
    { apiGroups: [gpugate], resources: ['workloadpolicies', 'tenantquotas'], verbs: ['list', 'watch'] },
    { apiGroups: [gpugate], resources: ['workloadpolicies/status', 'tenantquotas/status'], verbs: ['patch'] },
    // These cannot be limited to a name: a create has none yet, and a list and a watch are for the whole collection.
    { apiGroups: [gpugate], resources: ['quotaledgers'], verbs: ['list', 'watch', 'create'] },
    { apiGroups: [gpugate], resources: ['quotaledgers'], resourceNames: [ledgerName], verbs: ['get', 'update'] },
    // To check that their caBundles trust the serving certificate. A list and a watch by name use a field selector.
    { apiGroups: [registration], resources: configurations, resourceNames: [appName], verbs: ['list', 'watch'] },
    // To report in the namespace of the pod what a quota refused.
    { apiGroups: [''], resources: ['events'], verbs: ['create'] },
  ],
  // The Lease gpugate-ledger records that a ledger existed once.
  namespace: [{ apiGroups: [coordination], resources: ['leases'], verbs: ['create'] }],
};

/** What only the leader needs. The same ServiceAccount has it, because any replica can be the leader. */
export const leaderAccess: Access = {
  cluster: [
    // A pod is read by name before its reservation expires.
    { apiGroups: [''], resources: ['pods'], verbs: ['get'] },
    { apiGroups: [gpugate], resources: ['tenantquotas/status'], verbs: ['patch'] },
  ],
  namespace: [
    { apiGroups: [coordination], resources: ['leases'], verbs: ['create'] },
    { apiGroups: [coordination], resources: ['leases'], resourceNames: [appName], verbs: ['get', 'update'] },
  ],
};

/** For the mode `self-managed`: the leader writes the Secret and the caBundles, the other replicas read the Secret. */
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

/** What the Job of the doctor reads and asks. None of it is secret, and it writes nothing. */
export const doctorAccess: Access = {
  cluster: [
    {
      apiGroups: ['apiextensions.k8s.io'],
      resources: ['customresourcedefinitions'],
      resourceNames: customResourceDefinitions().map(({ metadata }) => metadata.name),
      verbs: ['get'],
    },
    // Including those of others, which may block gpugate.
    { apiGroups: [registration], resources: configurations, verbs: ['list'] },
    { apiGroups: [gpugate], resources: ['workloadpolicies', 'tenantquotas'], verbs: ['list'] },
    { apiGroups: [gpugate], resources: ['quotaledgers'], resourceNames: [ledgerName], verbs: ['get'] },
    { apiGroups: [''], resources: ['namespaces'], resourceNames: ['kube-system'], verbs: ['get'] },
    // To ask whether the ServiceAccount of gpugate has the rights above, the doctor creates reviews.
    { apiGroups: ['authorization.k8s.io'], resources: ['subjectaccessreviews'], verbs: ['create'] },
  ],
  namespace: [{ apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list'] }],
};
