import type { Database, Statement } from "better-sqlite3";
import { STATE_CODES } from "./codes";
import { CheckInserter } from "./insert-check";
import type { Recorder } from "./recorder";
import { addCheck, addTime, emptyRollup, HOUR_MS, type Rollup } from "./rollup";
import { RollupTable } from "./rollup-table";
import type { Slices } from "./slices";
import { usualIntervalMs, type V22Reader, type V22Row } from "./v22-rows";
import { v22Time, v22Verdict, v22WritersOf, withoutCredentials } from "./v22-samples";
import { V22Track, type TrackIncident, type TrackSpan, type TrackState } from "./v22-track";

const ROWS_A_SLICE = 2500;

interface ImportRow {
  last_id: number;
  rows: number;
  lost: number;
  done: number;
  track: string | null;
}

/** The import of one log table of v2.2 into the streams that wrote into it. */
export class ImportTable {
  readonly lastId: number;
  /** Rows that came in, and those that could not be read, with those of earlier runs. */
  rows = 0;
  lost = 0;
  private readonly progress?: ImportRow;
  private readonly hours = new Map<number, Rollup>();
  private streams: number[] = [];
  private readonly statements: ReturnType<typeof prepareStatements>;
  private readonly inserter: CheckInserter;
  private readonly rollups: RollupTable;

  constructor(
    private readonly db: Database,
    private readonly file: string,
    private readonly table: string,
    private readonly source: V22Reader,
    private readonly now: number,
  ) {
    this.statements = prepareStatements(db);
    this.inserter = new CheckInserter(db);
    this.rollups = new RollupTable(db);
    this.lastId = source.lastId(table);
    this.progress = this.statements.find.get(file, table) as ImportRow | undefined;
    this.rows = this.progress?.rows ?? 0;
    this.lost = this.progress?.lost ?? 0;
  }

  *run(recorder: Recorder, streams: { name: string; url: string }[], onSlice: () => void): Slices {
    if (this.progress?.done) return onSlice();
    const track = new V22Track(this.trackState(), {
      span: (span) => this.addSpan(span),
      incident: (incident) => this.addIncident(incident),
    });
    this.streams = this.db.transaction(() => this.findStreams(recorder, streams)).immediate();
    for (let after = this.progress?.last_id ?? 0, done = false; !done;) {
      const found = this.source.read(this.table, after, ROWS_A_SLICE);
      [after, done] = [found.lastId, found.done];
      let [rows, lost] = [this.rows, this.lost + found.lost];
      this.db
        .transaction(() => {
          for (const row of found.rows) {
            if (this.addRow(recorder, track, row)) rows++;
            else lost++;
          }
          if (done) this.closeTrack(track);
          this.flush();
          const { file, table } = this;
          this.statements.save.run(file, table, after, rows, lost, done ? 1 : 0, JSON.stringify(track.state));
        })
        .immediate();
      [this.rows, this.lost] = [rows, lost];
      onSlice();
      yield;
    }
  }

  private trackState(): TrackState {
    if (this.progress?.track) return JSON.parse(this.progress.track) as TrackState;
    return { intervalMs: usualIntervalMs(this.source, this.table), lastAt: null, open: null, trouble: null };
  }

  /** A table that nobody claims belonged to a stream that was deleted: its name is the table's. */
  private findStreams(recorder: Recorder, known: { name: string; url: string }[]): number[] {
    const now = new Map([...known, ...recorder.watched()].map((stream) => [stream.name, stream]));
    const writers = v22WritersOf(this.table, now.values());
    const orphan = { name: this.table.slice("log_".length) || this.table, url: "" };
    return recorder.adoptStreams(writers.length > 0 ? writers : [orphan], this.now);
  }

  private addRow(recorder: Recorder, track: V22Track, row: V22Row): boolean {
    const at = v22Time(row.ts);
    if (at === undefined || typeof row.status !== "string") return false;
    const text = withoutCredentials(typeof row.message === "string" ? row.message : "");
    const { reason, state, ok } = v22Verdict(row.status, text);
    const latency = typeof row.latency === "number" && row.latency >= 0 ? Math.round(row.latency) : null;
    const reasonId = recorder.reasonId(reason);
    const messageId = recorder.messageId(text, reason);
    for (const stream of this.streams) {
      this.inserter.run([stream, at, state, reasonId, messageId, latency, ok]);
    }
    addCheck(this.hourOf(at), state, ok, latency);
    track.add(at, state, reasonId, messageId);
    return true;
  }

  /** What lies between the last sample and the first state of the new monitor is unknown. */
  private closeTrack(track: V22Track): void {
    const end = track.finish();
    if (end === undefined) return;
    for (const stream of this.streams) {
      const first = this.statements.firstSpan.get(stream, end) as number | undefined;
      if (first === undefined || first <= end) continue;
      this.statements.insertSpan.run(stream, end, first, STATE_CODES.unknown, null, end);
      const hours = new Map<number, Rollup>();
      spread({ start: end, end: first, state: STATE_CODES.unknown, reason: null }, hours);
      this.rollups.add(stream, hours);
    }
  }

  private addSpan(span: TrackSpan): void {
    const { start, end, state, reason } = span;
    for (const stream of this.streams) {
      this.statements.insertSpan.run(stream, start, end, state, reason, start);
    }
    spread(span, this.hours);
  }

  private addIncident({ start, end, state, reason, message }: TrackIncident): void {
    for (const stream of this.streams) {
      this.statements.insertIncident.run(stream, start, end, state, reason, message);
    }
  }

  private flush(): void {
    for (const stream of this.streams) this.rollups.add(stream, this.hours);
    this.rollups.changed();
    this.hours.clear();
  }

  private hourOf(at: number): Rollup {
    return hourIn(this.hours, at);
  }
}

function spread({ start, end, state }: TrackSpan, hours: Map<number, Rollup>): void {
  for (let from = start; from < end;) {
    const to = Math.min(end, (Math.floor(from / HOUR_MS) + 1) * HOUR_MS);
    addTime(hourIn(hours, from), state, to - from);
    from = to;
  }
}

function hourIn(hours: Map<number, Rollup>, at: number): Rollup {
  const hour = Math.floor(at / HOUR_MS);
  let rollup = hours.get(hour);
  if (!rollup) hours.set(hour, (rollup = emptyRollup()));
  return rollup;
}

function prepareStatements(db: Database) {
  return {
    find: db.prepare("SELECT last_id, rows, lost, done, track FROM imports WHERE file = ? AND source = ?"),
    save: db.prepare("INSERT OR REPLACE INTO imports VALUES (?, ?, ?, ?, ?, ?, ?)"),
    firstSpan: db.prepare("SELECT min(start) FROM spans WHERE stream = ? AND start >= ?").pluck(),
    insertSpan: db.prepare(
      `INSERT OR IGNORE INTO spans (stream, start, "end", state, reason, since) VALUES (?, ?, ?, ?, ?, ?)`,
    ) as Statement<(number | null)[]>,
    insertIncident: db.prepare(
      `INSERT INTO incidents (stream, start, "end", state, reason, message) VALUES (?, ?, ?, ?, ?, ?)`,
    ) as Statement<(number | null)[]>,
  };
}
