import type { ReserveResult } from '../../src/quota/rules/reserve-result.ts';
import type { SimulatedPod } from './api-server.ts';
import { limitKey } from './tenants.ts';
import type { VirtualTime } from './virtual-time.ts';

/** Longer than any request lasts: what ended before that matters to no denial. */
const forgottenAfterMs = 10_000;

/** A replica may be paused for 90 s after it admitted by a pre-reservation, and writes the pod only then. */
const longestUnwrittenMs = 120_000;

/** How long a lagging watch is waited for before pods that may have come and gone deny another one. */
const longestCatchUpMs = 1000;

/** Of pods that exist, and those that count against one limit or lately did. */
type Counted = { exists: number; readonly pods: Set<SimulatedPod> };

/**
 * Sees everything that happens and knows none of gpugate's code: only what etcd holds, what was answered and which pods
 * each watch has shown. Keeps the first violation.
 */
export class Checker {
  violation: string | undefined;
  readonly stats = { mostReserved: 0 };
  readonly #time: VirtualTime;
  readonly #counted = new Map<string, Counted>();
  readonly #pods = new Map<string, SimulatedPod>();
  #reserved = new Set<SimulatedPod>();
  #preReserved = 0;
  /** The ledger does not hold these pods yet. */
  readonly #admittedByPreReservation = new Set<SimulatedPod>();

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  get reservations(): number {
    return this.#reserved.size + this.#preReserved;
  }

  asked(pod: SimulatedPod): void {
    this.#pods.set(pod.record.uid, pod);
  }

  created(pod: SimulatedPod): void {
    pod.createdAt = this.#time.now;
    for (const { key, amount, hard } of pod.limits) {
      const counted = this.#of(key);
      counted.pods.add(pod);
      counted.exists += amount;
      if (counted.exists > hard) this.fail(`${key}: ${counted.exists} exist, hard ${hard}, with ${pod.record.uid}`);
    }
  }

  gone(pod: SimulatedPod): void {
    pod.goneAt = this.#time.now;
    for (const { key, amount } of pod.limits) this.#of(key).exists -= amount;
  }

  /** What etcd holds now, read by hand, so that the ledger's own reader is tested too. */
  ledgerWritten(data: string | undefined): void {
    const now = this.#time.now;
    const reserved = new Set<SimulatedPod>();
    const { uids, preReserved } = readLedger(data);
    for (const uid of uids) {
      const pod = this.#pods.get(uid);
      if (pod === undefined) return this.fail(`a reservation of ${uid}, which nobody requested`);
      if (pod.dryRun) return this.fail(`a reservation of ${uid}, which is a dry run`);
      if (pod.limits.length === 0) return this.fail(`a reservation of ${uid}, which no quota charges`);
      reserved.add(pod);
      if (!this.#reserved.has(pod)) for (const { key } of pod.limits) this.#of(key).pods.add(pod);
      pod.reservedAt ??= now;
      pod.unreservedAt = undefined;
    }
    for (const pod of this.#reserved) if (!reserved.has(pod)) pod.unreservedAt = now;
    for (const pod of this.#admittedByPreReservation) {
      const isOver = now - (pod.reservedAt ?? now) > longestUnwrittenMs;
      if (isOver && !reserved.has(pod)) pod.unreservedAt = now;
      if (isOver || reserved.has(pod)) this.#admittedByPreReservation.delete(pod);
    }
    this.#reserved = reserved;
    this.#preReserved = preReserved;
    this.stats.mostReserved = Math.max(this.stats.mostReserved, reserved.size);
  }

  /** `replica` had the pod in hand since `askedAt`. */
  answered(pod: SimulatedPod, result: ReserveResult, { askedAt, replica }: { askedAt: number; replica: number }): void {
    if (result.kind === 'fits') this.#admitted(pod);
    if (result.kind !== 'short') return;
    if (result.shortfalls.length === 0) this.fail(`${pod.record.uid} was denied without a reason`);
    for (const { quota, group, resource, requested, used, reserved, hard } of result.shortfalls) {
      const key = limitKey(quota, group, resource);
      const limit = pod.limits.find((one) => one.key === key);
      if (limit === undefined) return this.fail(`${pod.record.uid} was denied by ${key}, which does not charge it`);
      if (requested !== limit.amount || hard !== limit.hard || used + reserved + requested <= hard)
        return this.fail(`${pod.record.uid} was denied by ${key} with wrong numbers`);
      const most = this.#mostUsed(key, { askedAt, replica, but: pod });
      if (most + requested <= hard) {
        const said = `${used} + ${reserved} reserved`;
        return this.fail(
          `${pod.record.uid} was denied by ${key}: ${requested} of ${hard}, said ${said}, at most ${most}`,
        );
      }
    }
  }

  /** No quota charges the pod; `problem` says why its replica should not have decided that yet. */
  answeredAtOnce({ record }: SimulatedPod, problem: string | undefined): void {
    if (problem !== undefined) this.fail(`${record.uid} was answered at once although ${problem}`);
  }

  #admitted(pod: SimulatedPod): void {
    if (pod.limits.length === 0 || pod.dryRun || pod.reservedAt !== undefined) return;
    pod.reservedAt = this.#time.now;
    this.#admittedByPreReservation.add(pod);
    for (const { key } of pod.limits) this.#of(key).pods.add(pod);
  }

  /** Now and then: what is long over is no longer counted. */
  forget(): void {
    for (const { pods } of this.#counted.values()) {
      for (const pod of pods) if (this.#isForgotten(pod)) pods.delete(pod);
    }
  }

  fail(violation: string): void {
    this.violation ??= `after ${(this.#time.now / 1000).toFixed(3)} s: ${violation}`;
  }

  /** Everything that existed or was reserved at some time since the request. */
  #mostUsed(key: string, { askedAt, replica, but }: { askedAt: number; replica: number; but: SimulatedPod }): number {
    let sum = 0;
    for (const pod of this.#of(key).pods) {
      if (pod === but || !this.#mayCount(pod, askedAt, replica)) continue;
      sum += pod.limits.find((limit) => limit.key === key)?.amount ?? 0;
    }
    return sum;
  }

  #mayCount(
    { createdAt, goneAt, reservedAt, unreservedAt, shownAt }: SimulatedPod,
    since: number,
    replica: number,
  ): boolean {
    if (createdAt !== undefined && (goneAt ?? since) >= since) return true;
    if (reservedAt === undefined || (unreservedAt ?? since) < since) return false;
    if (goneAt === undefined) return true;
    // It came and went: between two lists, so that no watch tells it, or the watch lags more than is waited for.
    const { now } = this.#time;
    const shown = shownAt[replica] ?? now;
    return shown === Number.POSITIVE_INFINITY || (shown >= since && now >= since + longestCatchUpMs);
  }

  #isForgotten({ createdAt, goneAt, reservedAt, unreservedAt }: SimulatedPod): boolean {
    const longAgo = this.#time.now - forgottenAfterMs;
    if (createdAt !== undefined && (goneAt === undefined || goneAt > longAgo)) return false;
    return reservedAt === undefined || (unreservedAt !== undefined && unreservedAt < longAgo);
  }

  #of(key: string): Counted {
    const counted = this.#counted.get(key) ?? { exists: 0, pods: new Set() };
    this.#counted.set(key, counted);
    return counted;
  }
}

type LedgerJson = {
  readonly cluster: string;
  readonly pods: readonly { readonly uid: string }[];
  readonly preReserved?: readonly { readonly ids: readonly number[] }[];
};

const nothing = { uids: [], preReserved: 0 };

function readLedger(data: string | undefined): { readonly uids: readonly string[]; readonly preReserved: number } {
  try {
    const { cluster, pods, preReserved = [] } = JSON.parse(data ?? '') as LedgerJson;
    if (cluster !== simulatedCluster) return nothing;
    return {
      uids: pods.map(({ uid }) => uid),
      preReserved: preReserved.reduce((sum, { ids }) => sum + ids.length, 0),
    };
  } catch {
    return nothing;
  }
}

export const simulatedCluster = 'cluster-1';
