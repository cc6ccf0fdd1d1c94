import type { ApiClient } from '../../cluster/client/client.ts';
import type { CertificateMode } from '../manifests/install-settings.ts';

/** What one look found. Everything but `ok` says in `mend` what to do. */
export type Finding =
  | { readonly level: 'ok'; readonly what: string }
  | { readonly level: 'skipped' | 'warning' | 'fault'; readonly what: string; readonly mend: string };

export type DoctorContext = {
  readonly client: Pick<ApiClient, 'request'>;
  /** Where gpugate is installed. */
  readonly namespace: string;
  /** Name of its Service there. */
  readonly service: string;
  /** How it was installed: who makes its certificates decides which rights it needs. */
  readonly certificates: CertificateMode;
  /** Base URLs of the probes of each replica, where they are no pods of this cluster. */
  readonly opsUrls: readonly string[];
  /** Whether names and addresses of the cluster can be reached from here. */
  readonly isInside: boolean;
  /** Wall clock in milliseconds. */
  readonly now: () => number;
};

/** One thing that can be wrong, apart from all others. Rejects only when the API server does not answer. */
export type Check = {
  readonly id: string;
  readonly look: (context: DoctorContext) => Promise<readonly Finding[]>;
};

export const ok = (what: string): Finding => ({ level: 'ok', what });
export const skipped = (what: string, mend: string): Finding => ({ level: 'skipped', what, mend });
export const warning = (what: string, mend: string): Finding => ({ level: 'warning', what, mend });
export const fault = (what: string, mend: string): Finding => ({ level: 'fault', what, mend });
