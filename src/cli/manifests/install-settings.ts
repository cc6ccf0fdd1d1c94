import type { ReviewedKind } from '../../api/workload-policy.ts';

/**
 * Where the serving certificate comes from: gpugate issues and renews it, cert-manager does, or somebody puts it into a
 * Secret.
 */
export const certificateModes = ['self-managed', 'cert-manager', 'files'] as const;
export type CertificateMode = (typeof certificateModes)[number];

/** Whether two replicas on one node or in one zone are avoided (preferred) or never scheduled (required). */
export const spreads = ['preferred', 'required'] as const;
export type Spread = (typeof spreads)[number];

/** A toleration as in a pod. */
export type Toleration = {
  readonly key?: string;
  readonly operator?: 'Exists' | 'Equal';
  readonly value?: string;
  readonly effect?: string;
};

export type Quantities = Readonly<Record<string, string>>;

/** Everything that an installation is generated from. The same settings give the same objects. */
export type InstallSettings = {
  readonly namespace: string;
  readonly image: string;
  readonly replicas: number;
  readonly certificates: CertificateMode;
  /** PEM of the CA that signs the serving certificate. Only in the mode `files`; the others fill it in later. */
  readonly caBundle?: string;
  readonly resources: { readonly requests: Quantities; readonly limits: Quantities };
  readonly priorityClassName: string;
  readonly spread: Spread;
  /** Kinds for which pods.validate is registered. */
  readonly kinds: readonly ReviewedKind[];
  readonly podsFailurePolicy: 'Ignore' | 'Fail';
  /** For the replicas and the Job of the doctor, as in a pod. */
  readonly imagePullSecrets: readonly { readonly name: string }[];
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly tolerations: readonly Toleration[];
  /** More arguments for `gpugate serve`, such as `--log-level=debug`. */
  readonly serveFlags: readonly string[];
  readonly monitoring: boolean;
  /** Whether a Job checks the installation afterwards. */
  readonly doctor: boolean;
};

/** An object of the API server, with the fields that are needed to print and sort it. */
export type ManifestObject = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
};

/** The name of nearly everything: Deployment, Service, ServiceAccount, Lease, webhook configurations. */
export const appName = 'gpugate';
/** The name of the Job that runs the doctor, of its ServiceAccount and its roles. */
export const doctorName = 'gpugate-doctor';
/** The Secret with the CA and the serving certificate in the mode `self-managed`. */
export const ownCertificatesSecret = 'gpugate-certificates';
/** The Secret of the other modes, of type kubernetes.io/tls. */
export const servingSecret = 'gpugate-serving';

export const partOf = { 'app.kubernetes.io/part-of': 'gpugate' } as const;
/** Selects the pods of the server. Never change it, because the selector of a Deployment is immutable. */
export const selectorLabels = { 'app.kubernetes.io/name': appName, 'app.kubernetes.io/component': 'server' } as const;
/** Selects the pods of the doctor, which may read the probes and metrics of the replicas. */
export const doctorLabels = { 'app.kubernetes.io/name': appName, 'app.kubernetes.io/component': 'doctor' } as const;
export const labels = { ...partOf, 'app.kubernetes.io/name': appName } as const;

/** The defaults of `gpugate serve`, and EXPOSE of the Dockerfile. */
export const webhookPort = 8443;
export const opsPort = 8080;

export const defaultNamespace = 'gpugate-system';

/**
 * A view of 100,000 pods takes 256 MiB, bodies that are being received at most 256 MiB more, and 2,048 connections 140 MiB
 * (http/limits.ts). The limit is the sum and a third more, so that no replica is killed for what it allows. CPU has no limit,
 * because a limit would make admissions wait for the next period of 100 ms.
 */
export const defaultResources = {
  requests: { cpu: '100m', memory: '256Mi' },
  limits: { memory: '1Gi' },
} as const satisfies InstallSettings['resources'];

/** Every cluster has this class. Where only some namespaces may use it, priorityQuota allows ours. */
export const defaultPriorityClass = 'system-cluster-critical';

export function defaultSettings(version: string, kinds: readonly ReviewedKind[]): InstallSettings {
  return {
    namespace: defaultNamespace,
    image: `${appName}:${version}`,
    replicas: 2,
    certificates: 'self-managed',
    resources: defaultResources,
    priorityClassName: defaultPriorityClass,
    spread: 'preferred',
    kinds,
    podsFailurePolicy: 'Ignore',
    imagePullSecrets: [],
    nodeSelector: {},
    tolerations: [],
    serveFlags: [],
    monitoring: false,
    doctor: false,
  };
}
