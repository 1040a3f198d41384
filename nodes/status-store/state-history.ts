import type { Database, Statement } from "better-sqlite3";
import type { StreamState, Transition } from "../../contracts";
import { REASONS, type Reason } from "../../contracts/reasons";
import { LEVEL_CODES, STATE_CODES } from "./codes";
import type { OpenRollups } from "./open-rollups";
import type { TextIds } from "./text-ids";

interface OpenSpan {
  start: number;
  state: number;
  reason: number | null;
  level: number | null;
  /** The monitor was off until then: nothing is known before. */
  notBefore?: number;
}

interface OpenIncident {
  id: number;
  start: number;
  state: number;
}

const {
  up: UP,
  degraded: DEGRADED,
  down: DOWN,
  pending: PENDING,
  paused: PAUSED,
  unknown: UNKNOWN,
} = STATE_CODES;

/** Keeps transitions, the spans of every state, and incidents. What is open stands in memory too. */
export class StateHistory {
  /** The number of the last stored transition. */
  lastSeq: number;
  private readonly spans = new Map<number, OpenSpan>();
  private readonly incidents = new Map<number, OpenIncident>();
  private readonly statements: ReturnType<typeof prepareStatements>;

  constructor(
    db: Database,
    private readonly reasons: TextIds,
    private readonly messages: TextIds,
    private readonly rollups: OpenRollups,
  ) {
    this.statements = prepareStatements(db);
    this.lastSeq = db.prepare("SELECT coalesce(max(seq), 0) FROM transitions").pluck().get() as number;
    const spans = db
      .prepare(`SELECT stream, start, state, reason, level FROM spans WHERE "end" IS NULL`)
      .all();
    for (const { stream, ...span } of spans as (OpenSpan & { stream: number })[])
      this.spans.set(stream, span);
    const incidents = db.prepare(`SELECT id, stream, start, state FROM incidents WHERE "end" IS NULL`).all();
    for (const { stream, ...incident } of incidents as (OpenIncident & { stream: number })[]) {
      this.incidents.set(stream, incident);
    }
  }

  /** A stream that is watched from now on and not probed yet. */
  begin(stream: number, at: number): void {
    this.enter(stream, at, { state: PENDING, reason: null, level: null }, null);
  }

  /** A stream that is watched no longer. */
  end(stream: number, at: number): void {
    const span = this.spans.get(stream);
    if (span) {
      const end = Math.max(at, span.start);
      this.statements.endSpan.run(end, stream, span.start);
      this.rollups.leave(stream, end);
    }
    this.spans.delete(stream);
    this.endIncident(stream, at);
  }

  /**
   * What goes on now began then, as far as anybody is to remember.
   * @returns since when that is; later than asked for where the clock was set back
   */
  forgetBefore(stream: number, at: number): number {
    const span = this.spans.get(stream);
    const from = Math.max(at, span?.start ?? at);
    if (span && span.start < from) {
      this.statements.moveSpan.run(from, stream, span.start);
      span.start = from;
    }
    const incident = this.incidents.get(stream);
    if (incident && incident.start < from) {
      this.statements.moveIncident.run(from, incident.id);
      incident.start = from;
    }
    return from;
  }

  /**
   * Nobody watched from `from` to `to`: what was not paused is unknown from then on, until somebody says how it is,
   * which cannot have begun before `to`. Incidents stay open: nobody saw them end.
   */
  interrupt(from: number, to: number): void {
    for (const [stream, open] of this.spans) {
      if (open.state === PAUSED || open.state === UNKNOWN) continue;
      const start = Math.max(from, open.start + 1);
      if (start >= to) continue;
      const unknown = { state: UNKNOWN, reason: null, level: null };
      this.replaceSpan(stream, start, unknown, start);
      this.spans.set(stream, { start, ...unknown, notBefore: to });
    }
  }

  /** The clock ran ahead or stood still while this program slept: every state goes on after the gap. */
  bridge(from: number, to: number): void {
    const before = [...this.spans];
    this.interrupt(from, to);
    for (const [stream, { state, reason, level }] of before) {
      const open = this.spans.get(stream);
      if (open?.notBefore === to) this.enter(stream, to, { state, reason, level }, null);
    }
  }

  /**
   * A run that could not be told the last number begins again at 1: its transitions get the numbers that follow. One
   * that is told again is there already.
   */
  recordTransition(stream: number, transition: Transition): void {
    if (this.statements.findTransition.get(transition.seq, stream, transition.at)) return;
    this.lastSeq = Math.max(transition.seq, this.lastSeq + 1);
    const message = this.messageId(transition.message, transition.reason);
    const { at, from, to, previousDurationMs, level } = transition;
    this.statements.insertTransition.run(
      this.lastSeq,
      stream,
      at,
      STATE_CODES[from],
      STATE_CODES[to],
      this.reasonId(transition.reason),
      message,
      Math.min(Math.round(previousDurationMs), Number.MAX_SAFE_INTEGER),
      level && LEVEL_CODES[level],
    );
    this.recordState(stream, { ...transition, state: to, since: at }, message);
  }

  /** A state that came about without a transition, or by one. The same state again changes nothing. */
  recordState(
    stream: number,
    { state, reason, since, level }: Omit<StreamState, "stream">,
    message: number | null = null,
  ): void {
    const next = {
      state: STATE_CODES[state],
      reason: this.reasonId(reason),
      level: level && LEVEL_CODES[level],
    };
    this.enter(stream, since, next, message);
  }

  private enter(stream: number, at: number, next: Omit<OpenSpan, "start">, message: number | null): void {
    const open = this.spans.get(stream);
    if (open?.state === next.state && open.reason === next.reason) {
      if (open.level === next.level) return;
      this.statements.setLevel.run(next.level, stream, open.start);
      open.level = next.level;
      return;
    }
    // a clock that was set back must neither overwrite a span nor end it before it began
    const start = open
      ? Math.max(at, open.start + 1, open.notBefore ?? 0)
      : Math.max(at, this.statements.firstFree.get(stream) as number);
    this.replaceSpan(stream, start, next, Math.min(at, start));
    if (next.state === DEGRADED || next.state === DOWN) {
      this.openIncident(stream, start, next.state, next.reason, message);
    } else if (next.state === UP || next.state === PAUSED) this.endIncident(stream, start);
  }

  private replaceSpan(stream: number, start: number, next: Omit<OpenSpan, "start">, since: number): void {
    const open = this.spans.get(stream);
    if (open) this.statements.endSpan.run(start, stream, open.start);
    this.statements.insertSpan.run(stream, start, next.state, next.reason, next.level, since);
    this.spans.set(stream, { start, ...next });
    this.rollups.enter(stream, start, next.state);
  }

  /**
   * Trouble that gets worse stays one incident. While a stream is pending or unknown nobody knows that it is well:
   * its incident stays open.
   */
  private openIncident(
    stream: number,
    at: number,
    state: number,
    reason: number | null,
    message: number | null,
  ): void {
    const open = this.incidents.get(stream);
    if (!open) {
      const id = Number(
        this.statements.insertIncident.run(stream, at, state, reason, message).lastInsertRowid,
      );
      this.incidents.set(stream, { id, start: at, state });
    } else if (state > open.state) {
      this.statements.worsenIncident.run(state, reason, message, open.id);
      open.state = state;
    }
  }

  private endIncident(stream: number, at: number): void {
    const open = this.incidents.get(stream);
    if (!open) return;
    this.statements.endIncident.run(Math.max(at, open.start), open.id);
    this.incidents.delete(stream);
  }

  private reasonId(reason: Reason | null): number | null {
    return reason === null ? null : this.reasons.idOf(reason);
  }

  private messageId(message: string | undefined, reason: Reason | null): number | null {
    return message === undefined
      ? null
      : this.messages.idOf(message, reason === null ? "" : REASONS[reason].text);
  }
}

type NumberOrNull = number | null;

function prepareStatements(db: Database) {
  return {
    findTransition: db.prepare("SELECT 1 FROM transitions WHERE seq = ? AND stream = ? AND at = ?"),
    insertTransition: db.prepare("INSERT INTO transitions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)") as Statement<
      NumberOrNull[]
    >,
    firstFree: db
      .prepare(
        `SELECT max(coalesce(max("end"), 0), coalesce(max(start), -1) + 1) FROM spans WHERE stream = ?`,
      )
      .pluck(),
    insertSpan: db.prepare("INSERT INTO spans VALUES (?, ?, NULL, ?, ?, ?, ?)") as Statement<NumberOrNull[]>,
    endSpan: db.prepare(`UPDATE spans SET "end" = ? WHERE stream = ? AND start = ?`),
    moveSpan: db.prepare("UPDATE spans SET start = ? WHERE stream = ? AND start = ?"),
    setLevel: db.prepare("UPDATE spans SET level = ? WHERE stream = ? AND start = ?"),
    insertIncident: db.prepare(
      `INSERT INTO incidents (stream, start, state, reason, message) VALUES (?, ?, ?, ?, ?)`,
    ) as Statement<NumberOrNull[]>,
    worsenIncident: db.prepare("UPDATE incidents SET state = ?, reason = ?, message = ? WHERE id = ?"),
    moveIncident: db.prepare("UPDATE incidents SET start = ? WHERE id = ?"),
    endIncident: db.prepare(`UPDATE incidents SET "end" = ? WHERE id = ?`),
  };
}
