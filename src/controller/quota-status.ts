import type { ApiClient } from '../cluster/client/client.ts';
import { formatAmounts, type Amounts } from '../quota/rules/amounts.ts';
import { sumsByGroup, type QuotasInForce } from '../quota/rules/charges.ts';
import type { Quota } from '../quota/rules/quota.ts';
import type { PodReservation } from '../quota/rules/reservation.ts';
import type { Usage } from '../quota/rules/usage.ts';
import type { Log } from '../telemetry/log.ts';

/** 200 groups are 40 KB; of more, the status shows those that use the largest part of their limits. */
export const maxGroups = 200;

/** So that a busy cluster writes each status at most once a second. */
const minStatusIntervalMs = 1000;

export type GroupStatus = {
  readonly name: string;
  readonly used: Readonly<Record<string, string>>;
  readonly reserved: Readonly<Record<string, string>>;
  readonly hard: Readonly<Record<string, string>>;
};

/** What a status is made from. */
export type StatusFacts = QuotasInForce & {
  readonly usage: Usage;
  /** Those that the view has not shown. */
  readonly reservations: readonly PodReservation[];
};

/** One for each group that uses or has reserved anything: the fullest first, so that a cut loses the least. */
export function groupStatuses(quota: Quota, facts: StatusFacts): readonly GroupStatus[] {
  const reserved = sumsByGroup(quota, facts, facts.reservations);
  const used = new Map(Array.from(facts.usage.groups(quota.name), ([name, group]) => [name, group.used]));
  const none: Amounts = new Map();
  return [...new Set([...used.keys(), ...reserved.keys()])]
    .map((name) => {
      const hard = quota.hardOf(name);
      const amounts = { used: used.get(name) ?? none, reserved: reserved.get(name) ?? none };
      const share = Math.max(
        0,
        ...Array.from(hard, ([resource, limit]) => {
          const sum = (amounts.used.get(resource) ?? 0) + (amounts.reserved.get(resource) ?? 0);
          return limit === 0 ? sum : sum / limit;
        }),
      );
      return { name, hard, share, ...amounts };
    })
    .sort((a, b) => b.share - a.share || (a.name < b.name ? -1 : 1))
    .slice(0, maxGroups)
    .map(({ name, used: inUse, reserved: pending, hard }) => ({
      name,
      used: formatAmounts(only(inUse, hard)),
      reserved: formatAmounts(only(pending, hard)),
      hard: formatAmounts(hard),
    }));
}

/** Only what the quota limits. */
function only(amounts: Amounts, hard: Amounts): Amounts {
  return new Map([...hard.keys()].map((resource) => [resource, amounts.get(resource) ?? 0]));
}

export type QuotaStatusOptions = {
  readonly client: Pick<ApiClient, 'request'>;
  readonly log: Log;
  /** Monotonic milliseconds. */
  readonly now: () => number;
};

/** Writes the groups into the status of each quota when they have changed since the last write. */
export class QuotaStatus {
  readonly #options: QuotaStatusOptions;
  readonly #written = new Map<string, { readonly text: string; readonly at: number }>();

  constructor(options: QuotaStatusOptions) {
    this.#options = options;
  }

  /** To be repeated while leading. Never rejects: a write that failed is tried again the next time. */
  async look(facts: StatusFacts): Promise<void> {
    const { log, now } = this.#options;
    for (const quota of facts.quotas) {
      const groups = groupStatuses(quota, facts);
      const text = JSON.stringify(groups);
      const before = this.#written.get(quota.name);
      if (before !== undefined && (before.text === text || now() - before.at < minStatusIntervalMs)) continue;
      try {
        await this.#write(quota.name, groups);
        this.#written.set(quota.name, { text, at: now() });
      } catch (error) {
        log.warn('the status of a quota could not be written', { quota: quota.name, error: (error as Error).message });
      }
    }
  }

  /** No longer leading: another replica may write meanwhile. */
  forget(): void {
    this.#written.clear();
  }

  #write(name: string, groups: readonly GroupStatus[]): Promise<unknown> {
    return this.#options.client.request({
      method: 'PATCH',
      path: `/apis/gpugate.dev/v1alpha1/tenantquotas/${name}/status?fieldManager=gpugate-usage&force=true`,
      contentType: 'application/apply-patch+yaml',
      once: true,
      body: { apiVersion: 'gpugate.dev/v1alpha1', kind: 'TenantQuota', metadata: { name }, status: { groups } },
    });
  }
}
