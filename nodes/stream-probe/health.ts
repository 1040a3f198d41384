import type { Check, Level, StreamState, Transition } from "../../contracts/check";
import type { Reason, State } from "../../contracts/reasons";

/** A transition before it has its number. */
export type UnnumberedTransition = Omit<Transition, "seq">;

export interface Judgement {
  transition?: UnnumberedTransition;
  /** The check is worse than what is confirmed and not yet enough: look again at once. */
  suspect: boolean;
  /** The reason changed and the state did not. */
  reasonChanged: boolean;
}

const LEVEL_RANK: Record<Level, number> = { handshake: 0, media: 1, deep: 2 };
/** What is not known yet counts as good: the first failure is confirmed as any other. */
const SEVERITY: Record<State, number> = { up: 0, pending: 0, paused: 0, unknown: 0, degraded: 1, down: 2 };

/**
 * What is confirmed about one stream. A worsening counts after so many checks in a row; a recovery counts with the first
 * check that looked at least as far as the one that made the verdict.
 */
export class Health {
  state: State = "pending";
  reason: Reason | null = null;
  level: Level | null = null;
  /** Checks in a row that were worse than what is confirmed, when the first of them began, and how far the last looked. */
  private worse = 0;
  private worseSince = 0;
  private worseLevel: Level = "handshake";

  /** @param since epoch milliseconds */
  constructor(
    readonly stream: string,
    public since: number,
  ) {}

  /** Something is wrong, or was: only a look at the picture tells what. */
  get doubtful(): boolean {
    return this.worse > 0 || this.state !== "up";
  }

  /** A failure was seen that is not confirmed yet. */
  get suspect(): boolean {
    return this.worse > 0;
  }

  /** @param confirmFailures how many checks in a row make a worsening */
  observe(check: Check, confirmFailures: number): Judgement {
    if (SEVERITY[check.state] > SEVERITY[this.state]) return this.observeWorse(check, confirmFailures);
    if (this.worse > 0 && LEVEL_RANK[check.level] < LEVEL_RANK[this.worseLevel]) {
      return { suspect: true, reasonChanged: false };
    }
    this.worse = 0;
    const failing = this.state === "degraded" || this.state === "down";
    if (failing && LEVEL_RANK[check.level] < LEVEL_RANK[this.level ?? "handshake"]) {
      // it looked less far than the check that found the fault, so it cannot clear it
      return { suspect: false, reasonChanged: false };
    }
    if (check.state !== this.state)
      return { transition: this.change(check, check.at), suspect: false, reasonChanged: false };
    const reasonChanged = this.reason !== check.reason;
    this.reason = check.reason;
    this.level = check.level;
    return { suspect: false, reasonChanged };
  }

  /** A change that no check made: paused by a person. @returns nothing when that is so already */
  become(state: "paused" | "pending", at: number): UnnumberedTransition | undefined {
    if (this.state === state) return undefined;
    return this.change({ state, reason: null, level: null, message: undefined }, at);
  }

  /** Takes over what the store had confirmed before this run. */
  restore(confirmed: StreamState): void {
    this.state = confirmed.state;
    this.reason = confirmed.reason;
    this.since = confirmed.since;
    this.level = confirmed.level;
  }

  snapshot(): StreamState {
    const { stream, state, reason, since, level } = this;
    return { stream, state, reason, since, level };
  }

  private observeWorse(check: Check, confirmFailures: number): Judgement {
    if (this.worse++ === 0) this.worseSince = check.at;
    this.worseLevel = check.level;
    if (this.worse < confirmFailures) return { suspect: true, reasonChanged: false };
    // the trouble began with the first of these checks, not with the one that confirmed it
    return { transition: this.change(check, this.worseSince), suspect: false, reasonChanged: false };
  }

  private change(
    to: { state: State; reason: Reason | null; level: Level | null; message?: string },
    at: number,
  ): UnnumberedTransition {
    const transition: UnnumberedTransition = {
      stream: this.stream,
      from: this.state,
      to: to.state,
      reason: to.reason,
      at,
      // the clock may have been set back
      previousDurationMs: Math.max(0, at - this.since),
      level: to.level,
      ...(to.message === undefined ? {} : { message: to.message }),
    };
    this.state = to.state;
    this.reason = to.reason;
    this.level = to.level;
    this.since = at;
    this.worse = 0;
    return transition;
  }
}
