import type { Check, Level, StreamState, Transition } from "../../contracts/check";
import type { CheckState, Reason, State } from "../../contracts/reasons";
import { Flapping } from "./flapping";

/** A transition before it has its number. */
export type UnnumberedTransition = Omit<Transition, "seq">;

export interface Judgement {
  transition?: UnnumberedTransition;
  /** The check is worse than what is confirmed and not yet enough: look again at once. */
  suspect: boolean;
  /** Something that no transition tells has changed: the reason alone, or whether the stream flaps. */
  changed: boolean;
}

const LEVEL_RANK: Record<Level, number> = { handshake: 0, media: 1, deep: 2 };
/** What is not known yet counts as good: the first failure is confirmed as any other. */
const SEVERITY: Record<State, number> = { up: 0, pending: 0, paused: 0, unknown: 0, degraded: 1, down: 2 };
/** Other states are the monitor's, not the stream's. */
const OF_CHECKS: ReadonlySet<State> = new Set<State>(["up", "degraded", "down"]);

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
  private flapping = new Flapping();

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
    const calmed = this.flapping.update(check.at);
    const judgement = this.judge(check, confirmFailures);
    const flaps = judgement.transition !== undefined && this.flapping.active;
    return { ...judgement, changed: judgement.changed || calmed || flaps };
  }

  /** One more check with this verdict would make the stream down, or leave it so. */
  wouldBeDown(verdict: CheckState, confirmFailures: number): boolean {
    return verdict === "down" && (this.state === "down" || this.worse + 1 >= confirmFailures);
  }

  private judge(check: Check, confirmFailures: number): Judgement {
    if (SEVERITY[check.state] > SEVERITY[this.state]) return this.observeWorse(check, confirmFailures);
    if (this.worse > 0 && LEVEL_RANK[check.level] < LEVEL_RANK[this.worseLevel]) {
      return { suspect: true, changed: false };
    }
    this.worse = 0;
    const failing = this.state === "degraded" || this.state === "down";
    if (failing && LEVEL_RANK[check.level] < LEVEL_RANK[this.level ?? "handshake"]) {
      // it looked less far than the check that found the fault, so it cannot clear it
      return { suspect: false, changed: false };
    }
    if (check.state !== this.state)
      return { transition: this.change(check, check.at), suspect: false, changed: false };
    const changed = this.reason !== check.reason;
    this.reason = check.reason;
    this.level = check.level;
    return { suspect: false, changed };
  }

  /** A change that no check made: paused by a person. @returns nothing when that is so already */
  become(state: "paused" | "pending", at: number): UnnumberedTransition | undefined {
    if (this.state === state) return undefined;
    this.flapping.forget();
    return this.change({ state, reason: null, level: null, message: undefined }, at);
  }

  /** Takes over what the store had confirmed before this run. */
  restore(confirmed: StreamState): void {
    this.state = confirmed.state;
    this.reason = confirmed.reason;
    this.since = confirmed.since;
    this.level = confirmed.level;
  }

  /** Takes over everything from the same stream under its old entry in the configuration. */
  takeOver(before: Health): void {
    this.restore(before.snapshot());
    this.flapping = before.flapping;
  }

  snapshot(): StreamState {
    const { stream, state, reason, since, level } = this;
    const snapshot: StreamState = { stream, state, reason, since, level };
    return this.flapping.active ? { ...snapshot, flapping: true, flaps: this.flapping.count } : snapshot;
  }

  private observeWorse(check: Check, confirmFailures: number): Judgement {
    if (this.worse++ === 0) this.worseSince = check.at;
    this.worseLevel = check.level;
    if (this.worse < confirmFailures) return { suspect: true, changed: false };
    // the trouble began with the first of these checks, not with the one that confirmed it
    return { transition: this.change(check, this.worseSince), suspect: false, changed: false };
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
    const cameOrWent = (this.state === "up") !== (to.state === "up");
    if (cameOrWent && OF_CHECKS.has(this.state) && OF_CHECKS.has(to.state)) this.flapping.record(at);
    this.state = to.state;
    this.reason = to.reason;
    this.level = to.level;
    this.since = at;
    this.worse = 0;
    return transition;
  }
}
