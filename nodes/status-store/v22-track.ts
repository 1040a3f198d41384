import { STATE_CODES } from "./codes";

/** One span of a state, or one incident, as the track found it. Numbers as in the database. */
export interface TrackSpan {
  start: number;
  end: number;
  state: number;
  reason: number | null;
}

export interface TrackIncident extends TrackSpan {
  message: number | null;
}

export interface TrackSink {
  span(span: TrackSpan): void;
  incident(incident: TrackIncident): void;
}

interface Trouble {
  start: number;
  state: number;
  reason: number;
  message: number;
  samples: number;
}

/** Where a track stands; plain data, so that an import goes on after a kill. */
export interface TrackState {
  /** Usual time between two samples, ms. */
  intervalMs: number;
  lastAt: number | null;
  open: { start: number; state: number; reason: number } | null;
  trouble: Trouble | null;
}

/** As many failures in a row make an incident: the default of probe.confirm_failures. */
const CONFIRM_SAMPLES = 2;
const LEAST_GAP_MS = 60_000;

/**
 * Makes states out of v2.2's samples, which knew none: a state lasts from its first sample to the next other one. Where
 * samples are missing for long, nobody watched.
 */
export class V22Track {
  constructor(
    readonly state: TrackState,
    private readonly sink: TrackSink,
  ) {}

  /** A sample that is not later than the one before (a clock that was set back) changes no state. */
  add(at: number, state: number, reason: number, message: number): void {
    const { lastAt, intervalMs } = this.state;
    if (lastAt !== null && at <= lastAt) return;
    if (lastAt !== null && at - lastAt > Math.max(LEAST_GAP_MS, 3 * intervalMs)) {
      const end = lastAt + intervalMs;
      this.endSpan(end);
      this.sink.span({ start: end, end: at, state: STATE_CODES.unknown, reason: null });
    }
    this.state.lastAt = at;
    const { open } = this.state;
    if (!open || open.state !== state || open.reason !== reason) {
      this.endSpan(at);
      this.state.open = { start: at, state, reason };
    }
    this.follow(at, state, reason, message);
  }

  /**
   * @param latest from when on somebody else knows
   * @returns when the last state ended; undefined when there was no sample
   */
  finish(latest: number): number | undefined {
    const { lastAt, intervalMs } = this.state;
    if (lastAt === null) return undefined;
    const end = Math.max(lastAt, Math.min(lastAt + intervalMs, latest));
    this.endSpan(end);
    this.endTrouble(end);
    return end;
  }

  private follow(at: number, state: number, reason: number, message: number): void {
    if (state === STATE_CODES.up) return this.endTrouble(at);
    const { trouble } = this.state;
    if (!trouble) this.state.trouble = { start: at, state, reason, message, samples: 1 };
    else {
      trouble.samples++;
      if (state > trouble.state) Object.assign(trouble, { state, reason, message });
    }
  }

  private endTrouble(end: number): void {
    const { trouble } = this.state;
    this.state.trouble = null;
    if (!trouble || trouble.samples < CONFIRM_SAMPLES) return;
    const { start, state, reason, message } = trouble;
    this.sink.incident({ start, end, state, reason, message });
  }

  private endSpan(end: number): void {
    const { open } = this.state;
    this.state.open = null;
    if (open && end > open.start) this.sink.span({ ...open, end });
  }
}
