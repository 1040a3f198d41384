import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import type { Database } from "better-sqlite3";
import type { Clock } from "../../common/clock";
import type { Logger } from "../../common/logger";
import { ImportTable } from "./v22-import-table";
import type { Recorder } from "./recorder";
import type { Slices } from "./slices";
import { isBroken } from "./store-failure";
import type { ImportStats } from "./store-messages";
import { V22Owners } from "./v22-owners";
import { reading, UnreadableSource, type V22Reader } from "./v22-rows";
import { V22Scan } from "./v22-scan";
import { V22Source } from "./v22-source";

export interface V22ImportOptions {
  db: Database;
  /** Of streams.db; the v2.2 databases lie beside it. Undefined: there are none. */
  file: string | undefined;
  clock: Clock;
  logger: Logger;
  onProgress: () => void;
}

const SAY_EVERY_MS = 10_000;
const RETRY_EVERY_MS = 60_000;
/** Stands for the whole file among the tables of `imports`. */
const WHOLE = "";

/**
 * Brings the history of every `streams.v22.db` in. Rows and the place to read on are committed together, so that a
 * kill loses and doubles nothing, and a file that was imported once is left alone.
 */
export class V22Import {
  private readonly pending: string[];
  /** Those that could not be read, and when they are tried again. */
  private unreadable: string[] = [];
  private retryAt = 0;
  private readonly said = new Set<string>();
  private readonly running = new Map<string, ImportStats>();
  private source?: V22Reader;

  constructor(private readonly options: V22ImportOptions) {
    const done = new Set(
      options.db.prepare("SELECT file FROM imports WHERE source = '' AND done = 1").pluck().all() as string[],
    );
    this.pending = (options.file ? v22Files(options.file) : []).filter((name) => !done.has(name));
  }

  /** True when there is something to be done now. */
  get isPending(): boolean {
    if (this.unreadable.length > 0 && this.options.clock.elapsed() >= this.retryAt) {
      this.pending.push(...this.unreadable.splice(0));
    }
    return this.pending.length > 0;
  }

  /** False while something may still come in. */
  get isDone(): boolean {
    return this.pending.length === 0 && this.unreadable.length === 0;
  }

  stats(): ImportStats[] {
    return [...this.running.values()];
  }

  close(): void {
    this.source?.close();
    this.source = undefined;
  }

  *run(recorder: Recorder): Slices {
    while (this.pending.length > 0) {
      const name = this.pending[0] as string;
      try {
        yield* this.importFile(name, recorder);
      } catch (error) {
        if (!(error instanceof UnreadableSource)) throw error;
        this.postpone(name, error.message);
      } finally {
        this.close();
      }
      this.pending.shift();
    }
  }

  /** Nothing of it is given up: whoever has taken the file, or its rights, may give them back. */
  private postpone(name: string, reason: string): void {
    const { file = "", clock, logger, onProgress } = this.options;
    this.running.delete(name);
    if (existsSync(path.join(path.dirname(file), name))) {
      this.unreadable.push(name);
      this.retryAt = clock.elapsed() + RETRY_EVERY_MS;
      const sentence = `${name} cannot be read (${reason}) and is not imported: let StreamPulse's user read it. It is tried again every minute.`;
      if (!this.said.has(sentence)) logger.error(sentence);
      this.said.add(sentence);
    }
    onProgress();
  }

  private *importFile(name: string, recorder: Recorder): Slices {
    const { db, file = "", logger, clock } = this.options;
    const stats: ImportStats = { file: name, rows: 0, lost: 0, share: 0, done: false };
    this.running.set(name, stats);
    const source = yield* this.openSource(path.join(path.dirname(file), name), stats);
    const streams = reading(() => source.streams());
    const tables = reading(() =>
      source.tables().map((table) => new ImportTable(db, name, table, source, clock.now())),
    );
    const stray = stats.lost;
    const all = tables.reduce((sum, { lastId }) => sum + lastId, 0);
    logger.info(`importing the history of ${streams.length} streams, about ${all} checks, from ${name}`);
    let saidAt = clock.elapsed();
    const owners = currentOwners(recorder, streams);
    for (const table of tables) {
      yield* table.run(recorder, owners, () => {
        stats.rows = tables.reduce((sum, { rows }) => sum + rows, 0);
        stats.lost = stray + tables.reduce((sum, { lost }) => sum + lost, 0);
        stats.share = all === 0 ? 1 : Math.min(1, (stats.rows + stats.lost) / all);
        if (clock.elapsed() - saidAt < SAY_EVERY_MS) return;
        saidAt = clock.elapsed();
        logger.info(`${name}: ${Math.floor(stats.share * 100)} % (${stats.rows} checks) imported`);
        this.options.onProgress();
      });
    }
    db.transaction(() => recorder.adoptStreams(owners().all(), clock.now())).immediate();
    this.finish(stats);
  }

  /** As SQLite reads it; page by page where it cannot even tell which tables there are. */
  private *openSource(file: string, stats: ImportStats): Generator<void, V22Reader, void> {
    const whole = reading(() => this.openWhole(file));
    if (whole) return whole;
    this.close();
    const scan = reading(() => new V22Scan(file));
    this.source = scan;
    yield* scan.prepare();
    const count = scan.tables().length;
    if (count > 0) {
      this.options.logger.warn(
        `the list of tables of ${stats.file} cannot be read: ${count} tables were found by their rows`,
      );
    }
    stats.lost = scan.strayRows;
    return scan;
  }

  private openWhole(file: string): V22Reader | undefined {
    try {
      const source = new V22Source(file);
      this.source = source;
      return source.tables().length > 0 || source.streams().length > 0 ? source : undefined;
    } catch (error) {
      if (!isBroken(error)) throw error;
      return undefined;
    }
  }

  private finish(stats: ImportStats): void {
    const { db, logger, onProgress } = this.options;
    db.prepare("INSERT OR REPLACE INTO imports (file, source, rows, lost, done) VALUES (?, ?, ?, ?, 1)").run(
      stats.file,
      WHOLE,
      stats.rows,
      stats.lost,
    );
    Object.assign(stats, { share: 1, done: true });
    const lost = stats.lost === 0 ? "" : `; ${stats.lost} rows could not be read and are missing`;
    logger[stats.lost === 0 ? "info" : "warn"](
      `${stats.file}: all ${stats.rows} checks that can be read are imported${lost}. The passwords in it were not carried over; the file is no longer needed.`,
    );
    onProgress();
  }
}

/** Made again when the streams that are watched have changed. */
function currentOwners(recorder: Recorder, known: { name: string; url: string }[]): () => V22Owners {
  let [owners, changes]: [V22Owners | undefined, number] = [undefined, -1];
  return () => {
    if (!owners || changes !== recorder.changes) {
      changes = recorder.changes;
      owners = new V22Owners(known, recorder.watched(), (name) => recorder.isNameForgotten(name));
    }
    return owners;
  };
}

function v22Files(file: string): string[] {
  const base = `${path.basename(file, ".db")}.v22.db`;
  const isOne = (name: string) =>
    name === base || (name.startsWith(`${base}.`) && /^\.\d+$/.test(name.slice(base.length)));
  return readdirSync(path.dirname(file)).filter(isOne).sort();
}
