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
  /** How far the last check looked that was worse than what is confirmed. */
  worseLevel: Level = "handshake";
  /** Checks in a row that were worse than what is confirmed, and when the first of them began. */
  private worse = 0;
  private worseSince = 0;
  private flapping = new Flapping();
  /** While the state is `unknown`: what was confirmed before nobody looked. */
  private before?: StreamState;

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
    if (check.state !== this.state) return this.changed(check, check.at);
    const changed = this.reason !== check.reason;
    this.reason = check.reason;
    this.level = check.level;
    return { suspect: false, changed };
  }

  /** A person has paused it. @returns nothing when that is no news */
  pause(at: number): UnnumberedTransition | undefined {
    if (this.state === "paused") return undefined;
    this.flapping.forget();
    return this.change({ state: "paused", reason: null, level: null, message: undefined }, at);
  }

  /** Nobody looks from now on. That is no transition, and neither is what the first look then finds unchanged. */
  lose(at: number): void {
    if (this.state === "unknown") return;
    const { stream, state, reason, since, level } = this;
    this.flapping.forget();
    this.restore({ stream, state: "unknown", reason: null, since: at, level: null });
    this.before = state === "pending" ? undefined : { stream, state, reason, since, level };
    this.worse = 0;
  }

  /** Takes over what the store had confirmed before this run. */
  restore(confirmed: StreamState): void {
    if (this.state === "unknown") {
      this.before ??= confirmed;
      return;
    }
    this.state = confirmed.state;
    this.reason = confirmed.reason;
    this.since = confirmed.since;
    this.level = confirmed.level;
  }

  /** Takes over everything from the same stream under its old entry in the configuration. */
  takeOver(before: Health): void {
    this.restore(before.snapshot());
    this.before = before.before;
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
    return this.changed(check, this.worseSince);
  }

  private changed(check: Check, at: number): Judgement {
    const transition = this.change(check, at);
    return { transition, suspect: false, changed: transition === undefined };
  }

  /** @returns nothing when everybody knows it so, or when nobody knew anything since nobody looked */
  private change(
    to: { state: State; reason: Reason | null; level: Level | null; message?: string },
    at: number,
  ): UnnumberedTransition | undefined {
    const known = this.state === "unknown" ? this.before : { state: this.state, since: this.since };
    const transition = known &&
      known.state !== to.state && {
        stream: this.stream,
        from: known.state,
        to: to.state,
        reason: to.reason,
        at,
        // the clock may have been set back
        previousDurationMs: Math.max(0, at - known.since),
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
    this.before = undefined;
    return transition || undefined;
  }
}
