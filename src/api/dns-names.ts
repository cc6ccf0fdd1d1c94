/** Apart from the settings, because the commands need them without the packages that settings load. */

/** Names of namespaces and Services: RFC 1123. https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ */
export const dnsLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

export const dnsLabelProblem = 'must be at most 63 lowercase letters, digits and -';

/** Names of most other objects. */
export const dnsSubdomain = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
