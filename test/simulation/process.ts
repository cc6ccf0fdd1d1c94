import type { Clock } from '../../src/cluster/client/retry.ts';
import type { Random } from './random.ts';
import type { VirtualTime } from './virtual-time.ts';

/** A process of the machine: it may be paused, and killed; its clock is its own. */
export class SimulatedProcess {
  isAlive = true;
  pausedUntil = 0;
  readonly clock: Clock;
  /** Its wall clock, which nothing may be decided by. */
  readonly wallClock: () => number;
  readonly #time: VirtualTime;

  constructor(time: VirtualTime, random: Random) {
    this.#time = time;
    // Monotonic clocks of different machines began at different times; wall clocks are an hour apart.
    const began = random.between(0, 1e7);
    const skewMs = random.between(-3_600_000, 3_600_000);
    this.wallClock = () => 1_700_000_000_000 + skewMs + time.now;
    this.clock = {
      now: () => time.now + began,
      random: random.next,
      sleep: (ms) => new Promise((resolve) => this.after(ms, resolve)),
    };
  }

  /** Never, once it was killed; later, while it is paused. */
  after(ms: number, run: () => void): void {
    this.#time.after(ms, () => this.#resume(run));
  }

  kill(): void {
    this.isAlive = false;
  }

  #resume(run: () => void): void {
    if (!this.isAlive) return;
    if (this.pausedUntil > this.#time.now) return this.after(this.pausedUntil - this.#time.now, run);
    this.#time.isDisturbed = true;
    run();
  }
}
