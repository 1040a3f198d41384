import type { Database, Statement } from "better-sqlite3";
import { STATE_CODES } from "./codes";
import { CheckInserter } from "./insert-check";
import type { Recorder } from "./recorder";
import { addCheck, addTime, HOUR_MS, rollupOf, type Rollup } from "./rollup";
import { RollupTable } from "./rollup-table";
import type { Slices } from "./slices";
import type { V22Owners } from "./v22-owners";
import { reading, usualIntervalMs, type V22Reader, type V22Row, type V22Rows } from "./v22-rows";
import { v22Time, v22Verdict, withoutCredentials } from "./v22-samples";
import { V22Track, type TrackIncident, type TrackSpan, type TrackState } from "./v22-track";

const ROWS_A_SLICE = 2500;
/** Characters of a message that are looked at. */
const MOST_READ = 5000;
/** What is said to have taken longer was not measured. */
const LONGEST_LATENCY_MS = 3_600_000;

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

  /** @throws UnreadableSource when the old database cannot be read now */
  *run(recorder: Recorder, owners: () => V22Owners, onSlice: () => void): Slices {
    if (this.progress?.done) return onSlice();
    const track = new V22Track(this.trackState(), {
      span: (span) => this.addSpan(span),
      incident: (incident) => this.addIncident(incident),
    });
    const streams = owners().of(this.table);
    this.streams = this.db.transaction(() => recorder.adoptStreams(streams, this.now)).immediate();
    for (let after = this.progress?.last_id ?? 0, done = false; !done;) {
      // one that was forgotten meanwhile gets no more of it
      this.streams = this.streams.filter((stream) => !recorder.isForgotten(stream));
      const found = this.readSlice(after);
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
    const intervalMs = reading(() => usualIntervalMs(this.source, this.table));
    return { intervalMs, lastAt: null, open: null, trouble: null };
  }

  /** Nothing of a table whose streams were all forgotten. */
  private readSlice(after: number): V22Rows {
    if (this.streams.length === 0) return { rows: [], lastId: after, lost: 0, done: true };
    return reading(() => this.source.read(this.table, after, ROWS_A_SLICE));
  }

  private addRow(recorder: Recorder, track: V22Track, row: V22Row): boolean {
    const at = v22Time(row.ts);
    if (at === undefined || typeof row.status !== "string") return false;
    const said = typeof row.message === "string" ? row.message.slice(0, MOST_READ) : "";
    const { reason, state, ok } = v22Verdict(row.status, said);
    const text = withoutCredentials(said);
    const latency = isLatency(row.latency) ? Math.round(row.latency) : null;
    const reasonId = recorder.reasonId(reason);
    const messageId = recorder.messageId(text, reason);
    for (const stream of this.streams) {
      this.inserter.run([stream, at, state, reasonId, messageId, latency, ok]);
    }
    addCheck(rollupOf(this.hours, Math.floor(at / HOUR_MS)), state, ok, latency);
    track.add(at, state, reasonId, messageId);
    return true;
  }

  /** What lies between the last sample and the first state of the new monitor is unknown. */
  private closeTrack(track: V22Track): void {
    const { lastAt } = track.state;
    if (lastAt === null) return;
    const firsts = this.streams.map((stream) => this.firstSpan(stream, lastAt));
    const end = track.finish(Math.min(...firsts)) ?? lastAt;
    for (const [index, stream] of this.streams.entries()) {
      const first = firsts[index] ?? Infinity;
      if (first === Infinity || first <= end) continue;
      this.statements.insertSpan.run(stream, end, first, STATE_CODES.unknown, null, end);
    }
  }

  /** When the new monitor first knew something; Infinity where it never did. */
  private firstSpan(stream: number, from: number): number {
    return (this.statements.firstSpan.get(stream, from) as number | null) ?? Infinity;
  }

  private addSpan(span: TrackSpan): void {
    const { start, end, state, reason } = span;
    for (const stream of this.streams) {
      this.statements.insertSpan.run(stream, start, end, state, reason, start);
    }
    addTime(this.hours, state, start, end);
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
}

function isLatency(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= LONGEST_LATENCY_MS;
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
