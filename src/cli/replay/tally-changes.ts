import { subjectOf } from '../../admission/response.ts';
import type { Change, ChangeKind, ChangeSource } from './compare-answers.ts';
import type { LogEntry } from './read-log.ts';
import { changeKinds } from './compare-answers.ts';
import type { DecisionRecord } from '../../record/record.ts';

/** One decision that would change. */
export type ChangedDecision = {
  readonly file: string;
  readonly line: number;
  readonly time: string;
  readonly webhook: string;
  /** `pod proj-a/job-7-train`. */
  readonly subject: string;
  readonly user: string;
  readonly change: Change;
};

/** Decisions that change in the same way for the same reason. */
export type ChangeGroup = ChangeSource & {
  readonly kind: ChangeKind;
  readonly decisions: number;
  readonly examples: readonly ChangedDecision[];
};

/** A line of a log that could not be judged. */
export type LogProblem = { readonly file: string; readonly line: number; readonly message: string };

export type ReplayTally = {
  readonly decisions: number;
  readonly same: number;
  /** How many of the same ones are exempt. */
  readonly exempt: number;
  readonly changed: Readonly<Record<ChangeKind, number>>;
  /** Undecided then, so that there is nothing to compare with. */
  readonly undecidedThen: number;
  /** Lines that are not records, or cannot be judged; `problems` contains the first ones. */
  readonly unjudged: number;
  readonly problems: readonly LogProblem[];
  /** Last lines that a server did not finish writing. */
  readonly cutOff: number;
  readonly from: string | undefined;
  readonly to: string | undefined;
  /** In the order of {@link changeKinds}, and the most frequent first. */
  readonly groups: readonly ChangeGroup[];
};

/** Enough to understand the change. */
const maxExamples = 3;
/** So that the report of a broken log stays readable. */
const maxProblems = 20;

type Group = Omit<ChangeGroup, 'decisions' | 'examples'> & { decisions: number; readonly examples: ChangedDecision[] };

/** Counts changes; its memory depends on the policies, and not on the size of the log. */
export class ChangeTally {
  readonly #groups = new Map<string, Group>();
  readonly #changed = Object.fromEntries(changeKinds.map((kind) => [kind, 0])) as Record<ChangeKind, number>;
  readonly #problems: LogProblem[] = [];
  #decisions = 0;
  #same = 0;
  #exempt = 0;
  #undecidedThen = 0;
  #unjudged = 0;
  #cutOff = 0;
  #from: string | undefined;
  #to: string | undefined;

  same({ time, answer }: DecisionRecord): void {
    this.#count(time);
    this.#same++;
    if (answer.exemption !== undefined) this.#exempt++;
  }

  undecidedThen({ time }: DecisionRecord): void {
    this.#count(time);
    this.#undecidedThen++;
  }

  changed(decision: ChangedDecision): void {
    this.#count(decision.time);
    const { kind, sources } = decision.change;
    this.#changed[kind]++;
    for (const { policy, rule } of sources.length > 0 ? sources : [{ policy: '', rule: '' }]) {
      const key = `${kind}\n${policy}\n${rule}`;
      const group = this.#groups.get(key) ?? { kind, policy, rule, decisions: 0, examples: [] };
      this.#groups.set(key, group);
      group.decisions++;
      if (group.examples.length < maxExamples) group.examples.push(decision);
    }
  }

  unjudged({ file, line, isCutOff }: LogEntry, message: string): LogProblem {
    const problem = { file, line, message };
    if (isCutOff) this.#cutOff++;
    else this.#unjudged++;
    if (!isCutOff && this.#problems.length < maxProblems) this.#problems.push(problem);
    return problem;
  }

  result(): ReplayTally {
    const rank = ({ kind }: Group): number => changeKinds.indexOf(kind);
    return {
      decisions: this.#decisions,
      same: this.#same,
      exempt: this.#exempt,
      changed: this.#changed,
      undecidedThen: this.#undecidedThen,
      unjudged: this.#unjudged,
      problems: this.#problems,
      cutOff: this.#cutOff,
      from: this.#from,
      to: this.#to,
      groups: [...this.#groups.values()].sort((a, b) => rank(a) - rank(b) || b.decisions - a.decisions),
    };
  }

  #count(time: string): void {
    this.#decisions++;
    if (this.#from === undefined || time < this.#from) this.#from = time;
    if (this.#to === undefined || time > this.#to) this.#to = time;
  }
}

export function changedDecision(file: string, line: number, record: DecisionRecord, change: Change): ChangedDecision {
  const { time, webhook, request } = record;
  return { file, line, time, webhook, subject: subjectOf(request), user: request.user.username, change };
}
