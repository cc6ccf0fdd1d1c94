import { defaultPreReservations, type PreReservationSettings } from '../../src/quota/ledger/pre-reservations.ts';
import type { Trouble } from './faults.ts';
import type { Random } from './random.ts';

/** What a seed is about, before anything goes wrong. */
export type Story = {
  readonly preReservations: PreReservationSettings;
  /** Limits are tight, or so wide that much is pre-reserved before they are reached. */
  readonly scale: number;
  readonly meanLifeMs: number;
  /** The part of all pods that lives for a moment only. */
  readonly shortLived: number;
  /** Of so many that are generated; the fewer, the more often one is taken already. */
  readonly names: number;
  /** Of all pods: such as a controller makes, one like the other; the rest is a mixture. */
  readonly alike: number;
  readonly bursts: Bursts;
  /** The replica that gets all requests, modulo their number; any of them gets them at other times. */
  readonly favourite: ((now: number) => number | undefined) | undefined;
};

/** Pods are asked for in bursts: of this size, over about this time, so long after the one before. */
export type Bursts = {
  readonly size: () => number;
  readonly spreadMs: number;
  readonly pauseMs: (now: number) => number;
};

const meanSize = 12;

export function tellStory(random: Random, trouble: Trouble | undefined): Story {
  if (trouble === 'held-pre-reservations') return holdPreReservations(random);
  const isCommon = trouble === undefined;
  const meanPauseMs = random.pick([isCommon ? 100 : 2000, 500, 2000, 6000]);
  return {
    preReservations: random.chance(0.3) ? defaultPreReservations : eager(random),
    scale: isCommon ? random.pick([1, 1, 1, 3, 10]) : 1,
    meanLifeMs: random.pick([500, 2000, 40_000]),
    shortLived: 0.15,
    names: 60,
    alike: isCommon ? random.pick([0, 0, 0.9, 1]) : 0,
    favourite: undefined,
    bursts: {
      size: () => 1 + Math.floor(random.exponential(meanSize)),
      spreadMs: isCommon ? random.pick([10, 10, 300]) : 10,
      pauseMs: () => random.exponential(meanPauseMs),
    },
  };
}

/** Pre-reserves more than gpugate does, and with less room left. */
function eager(random: Random): PreReservationSettings {
  return { share: random.pick([0.5, 1, 3]), most: random.pick([2, 8, 32]), spare: random.pick([0, 1, 4]) };
}

/**
 * One cycle: pods come one by one, so that a replica pre-reserves; it dies; when others have released what it held, many
 * pods are requested.
 */
export const holdingCycle = {
  beginsAt: 1000,
  steadyMs: 2000,
  givenUpMs: 61_000,
  askedAgainMs: 74_000,
  overMs: 95_000,
  ms: 250_000,
} as const;

/** Another one in each cycle. */
export const victimOf = (now: number): number => Math.floor((now - holdingCycle.beginsAt) / holdingCycle.ms);

function holdPreReservations(random: Random): Story {
  const { beginsAt, steadyMs, askedAgainMs, overMs, ms } = holdingCycle;
  let isSteady = true;
  return {
    preReservations: { share: random.pick([1, 3]), most: random.pick([8, 32]), spare: 0 },
    scale: random.pick([5, 8]),
    meanLifeMs: 300_000,
    shortLived: 0,
    names: 60_000,
    alike: 1,
    favourite: (now) => ((now - beginsAt) % ms < steadyMs + 100 ? victimOf(now) : undefined),
    bursts: {
      size: () => (isSteady ? 1 : 1 + Math.floor(random.exponential(meanSize))),
      spreadMs: 10,
      pauseMs: (now) => {
        const at = (now - beginsAt) % ms;
        isSteady = at < steadyMs || at >= overMs;
        if (at < steadyMs) return random.exponential(60);
        if (at < askedAgainMs) {
          isSteady = false;
          return askedAgainMs - at;
        }
        return at < overMs ? random.exponential(1000) : ms - at;
      },
    },
  };
}
