/** Told in the answer of a webhook that answers at all. */
export const probeUid = 'gpugate-doctor';

/**
 * A review of a pod that nobody made: without GPUs, so that no quota is asked, and a dry run, so that nothing comes of it.
 */
export const probeReview = {
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: {
    uid: probeUid,
    kind: { group: '', version: 'v1', kind: 'Pod' },
    resource: { group: '', version: 'v1', resource: 'pods' },
    requestKind: { group: '', version: 'v1', kind: 'Pod' },
    requestResource: { group: '', version: 'v1', resource: 'pods' },
    name: 'gpugate-doctor',
    namespace: 'default',
    operation: 'CREATE',
    userInfo: { username: 'gpugate-doctor', groups: [] },
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'gpugate-doctor', namespace: 'default' },
      spec: { containers: [{ name: 'doctor', image: 'none' }] },
    },
    oldObject: null,
    dryRun: true,
    options: null,
  },
};
