import type { ReviewedKind } from '../../api/workload-policy.ts';

/**
 * Where the serving certificate comes from: gpugate issues and renews it by itself, cert-manager does, or somebody puts
 * it into a Secret.
 */
export const certificateModes = ['self-managed', 'cert-manager', 'files'] as const;
export type CertificateMode = (typeof certificateModes)[number];

/** Whether replicas on the same node, or in the same zone, are merely avoided or never scheduled. */
export const spreads = ['preferred', 'required'] as const;
export type Spread = (typeof spreads)[number];

/** As in a pod: what it tolerates of a node. */
export type Toleration = {
  readonly key?: string;
  readonly operator?: 'Exists' | 'Equal';
  readonly value?: string;
  readonly effect?: string;
};

export type Quantities = Readonly<Record<string, string>>;

/** All that an installation is made from: the same settings, the same objects. */
export type InstallSettings = {
  readonly namespace: string;
  readonly image: string;
  readonly replicas: number;
  readonly certificates: CertificateMode;
  /** PEM of the CA that signs the serving certificate; only in the mode `files`, the others fill it in later. */
  readonly caBundle?: string;
  readonly resources: { readonly requests: Quantities; readonly limits: Quantities };
  readonly priorityClassName: string;
  readonly spread: Spread;
  /** Kinds for which pods.validate is registered. */
  readonly kinds: readonly ReviewedKind[];
  readonly podsFailurePolicy: 'Ignore' | 'Fail';
  /** Of the replicas and of the doctor's Job, as pods have them. */
  readonly imagePullSecrets: readonly { readonly name: string }[];
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly tolerations: readonly Toleration[];
  /** More arguments of `gpugate serve`, such as `--log-level=debug`. */
  readonly serveFlags: readonly string[];
  readonly monitoring: boolean;
  /** Whether a Job looks, after the installation, for what is wrong with it. */
  readonly doctor: boolean;
};

/** An object of the API server, as far as whoever prints or sorts it must know it. */
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
/** Of the Job that runs the doctor, its ServiceAccount and its roles. */
export const doctorName = 'gpugate-doctor';
/** Holds the CA and the serving certificate of the mode `self-managed`. */
export const ownCertificatesSecret = 'gpugate-certificates';
/** Of the other modes: a Secret of type kubernetes.io/tls. */
export const servingSecret = 'gpugate-serving';

export const partOf = { 'app.kubernetes.io/part-of': 'gpugate' } as const;
/** Which pods are the server: never to be changed, as the selector of a Deployment cannot be. */
export const selectorLabels = { 'app.kubernetes.io/name': appName, 'app.kubernetes.io/component': 'server' } as const;
/** Which pods are the doctor's: they may read what replicas say of themselves. */
export const doctorLabels = { 'app.kubernetes.io/name': appName, 'app.kubernetes.io/component': 'doctor' } as const;
export const labels = { ...partOf, 'app.kubernetes.io/name': appName } as const;

/** As settings of `gpugate serve` have them by default, and EXPOSE of the Dockerfile. */
export const webhookPort = 8443;
export const opsPort = 8080;

export const defaultNamespace = 'gpugate-system';

/**
 * 100,000 pods in view are 256 MiB; bodies that are being received may hold 256 MiB more, and 2,048 connections 140 MiB
 * (http/limits.ts). The sum and a third: a replica is not killed for what it allows. No limit on CPU: it would make
 * admissions wait for the next period of 100 ms.
 */
export const defaultResources = {
  requests: { cpu: '100m', memory: '256Mi' },
  limits: { memory: '1Gi' },
} as const satisfies InstallSettings['resources'];

/** It is there in every cluster; where only some namespaces may use it, priorityQuota lets ours. */
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
