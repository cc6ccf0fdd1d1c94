import type { ApiClient } from '../../cluster/client/client.ts';
import type { CertificateMode } from '../manifests/install-settings.ts';

/** The result of a check. Every level but `ok` says in `mend` what to do. */
export type Finding =
  | { readonly level: 'ok'; readonly what: string }
  | { readonly level: 'skipped' | 'warning' | 'problem'; readonly what: string; readonly mend: string };

export type DoctorContext = {
  readonly client: Pick<ApiClient, 'request'>;
  /** The namespace in which gpugate is installed. */
  readonly namespace: string;
  /** The name of its Service in that namespace. */
  readonly service: string;
  /** The certificate mode of the installation, which decides which rights gpugate needs. */
  readonly certificates: CertificateMode;
  /** Base URLs of the probes of each replica, for replicas outside of this cluster. */
  readonly opsUrls: readonly string[];
  /** Whether names and addresses of the cluster can be reached from the doctor. */
  readonly isInside: boolean;
  /** Wall clock in milliseconds. */
  readonly now: () => number;
};

/** Checks one thing that can be wrong. Rejects only when the API server does not answer. */
export type Check = {
  readonly id: string;
  readonly look: (context: DoctorContext) => Promise<readonly Finding[]>;
};

export const ok = (what: string): Finding => ({ level: 'ok', what });
export const skipped = (what: string, mend: string): Finding => ({ level: 'skipped', what, mend });
export const warning = (what: string, mend: string): Finding => ({ level: 'warning', what, mend });
export const problem = (what: string, mend: string): Finding => ({ level: 'problem', what, mend });
