/** Name of our MutatingWebhookConfiguration and of our ValidatingWebhookConfiguration. */
export const webhookConfigurationName = 'gpugate';

const group = '/apis/admissionregistration.k8s.io/v1';

/** The paths of the two in the API, by the word that metrics and logs use. */
export const webhookConfigurationCollections = {
  mutating: `${group}/mutatingwebhookconfigurations`,
  validating: `${group}/validatingwebhookconfigurations`,
} as const;

export type WebhookConfigurationKind = keyof typeof webhookConfigurationCollections;

/** Never judged and never changed: what the cluster needs to run, and gpugate itself, which must be able to start. */
export const systemNamespaces = ['kube-system', 'kube-node-lease', 'gpugate-system'] as const;
