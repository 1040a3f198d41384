import { readdirSync } from "node:fs";
import path from "node:path";
import type { Database } from "better-sqlite3";
import type { Clock } from "../../common/clock";
import type { Logger } from "../../common/logger";
import { ImportTable } from "./v22-import-table";
import type { Recorder } from "./recorder";
import type { Slices } from "./slices";
import { isBroken } from "./store-failure";
import type { ImportStats } from "./store-messages";
import type { V22Reader } from "./v22-rows";
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
/** Stands for the whole file among the tables of `imports`. */
const WHOLE = "";

/**
 * Brings the history of every `streams.v22.db` in. Rows and the place to read on are committed together, so that a
 * kill loses and doubles nothing, and a file that was imported once is left alone.
 */
export class V22Import {
  private readonly pending: string[];
  private readonly running = new Map<string, ImportStats>();
  private source?: V22Reader;

  constructor(private readonly options: V22ImportOptions) {
    const done = new Set(
      options.db.prepare("SELECT file FROM imports WHERE source = '' AND done = 1").pluck().all() as string[],
    );
    this.pending = (options.file ? v22Files(options.file) : []).filter((name) => !done.has(name));
  }

  get isPending(): boolean {
    return this.pending.length > 0;
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
      } finally {
        this.close();
      }
      this.pending.shift();
    }
  }

  private *importFile(name: string, recorder: Recorder): Slices {
    const { db, file = "", logger } = this.options;
    const stats: ImportStats = { file: name, rows: 0, lost: 0, share: 0, done: false };
    this.running.set(name, stats);
    let tables: ImportTable[];
    let streams: { name: string; url: string }[];
    try {
      const source = yield* this.openSource(path.join(path.dirname(file), name), stats);
      streams = source.streams();
      const now = this.options.clock.now();
      tables = source.tables().map((table) => new ImportTable(db, name, table, source, now));
    } catch (error) {
      logger.error(`${name} cannot be read and nothing of it was imported: ${String(error)}`);
      return this.finish(stats);
    }
    const stray = stats.lost;
    const all = tables.reduce((sum, { lastId }) => sum + lastId, 0);
    logger.info(`importing the history of ${streams.length} streams, about ${all} checks, from ${name}`);
    let saidAt = this.options.clock.elapsed();
    for (const table of tables) {
      yield* table.run(recorder, streams, () => {
        stats.rows = tables.reduce((sum, { rows }) => sum + rows, 0);
        stats.lost = stray + tables.reduce((sum, { lost }) => sum + lost, 0);
        stats.share = all === 0 ? 1 : Math.min(1, (stats.rows + stats.lost) / all);
        if (this.options.clock.elapsed() - saidAt < SAY_EVERY_MS) return;
        saidAt = this.options.clock.elapsed();
        logger.info(`${name}: ${Math.floor(stats.share * 100)} % (${stats.rows} checks) imported`);
        this.options.onProgress();
      });
    }
    db.transaction(() => recorder.adoptStreams(streams, this.options.clock.now())).immediate();
    this.finish(stats);
  }

  /** As SQLite reads it; page by page where it cannot even tell which tables there are. */
  private *openSource(file: string, stats: ImportStats): Generator<void, V22Reader, void> {
    try {
      this.source = new V22Source(file);
      if (this.source.tables().length > 0 || this.source.streams().length > 0) return this.source;
    } catch (error) {
      if (!isBroken(error)) throw error;
    }
    this.close();
    const scan = new V22Scan(file);
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

function v22Files(file: string): string[] {
  const base = `${path.basename(file, ".db")}.v22.db`;
  const isOne = (name: string) =>
    name === base || (name.startsWith(`${base}.`) && /^\.\d+$/.test(name.slice(base.length)));
  return readdirSync(path.dirname(file)).filter(isOne).sort();
}
