import { statSync } from "node:fs";
import type { Database } from "better-sqlite3";
import type { Clock } from "../../common/clock";
import type { Logger } from "../../common/logger";
import { Maintenance } from "./maintenance";
import type { MemoryBudget } from "./memory-budget";
import { lastSignOfLife, Progress } from "./progress";
import { Recorder } from "./recorder";
import { describeObstacle, isPassing } from "./store-failure";
import type {
  MaintenanceStats,
  OpenRollupsMessage,
  Retention,
  Seed,
  StoreOperation,
  StreamsOperation,
} from "./store-messages";
import { V22Import } from "./v22-import";

/** The clock may have been set back since something happened. */
const MOST_AHEAD_MS = 3_600_000;

export interface WritingConnectionOptions {
  /** Open, of the newest schema. */
  db: Database;
  /** Of streams.db; undefined: no file stands behind it. */
  file: string | undefined;
  clock: Clock;
  logger: Logger;
  /** The newest list of streams; undefined until one came. */
  streams: () => StreamsOperation | undefined;
  /** True while such a list waits to be written. */
  isListWaiting: () => boolean;
  retention: () => Retention;
  budget?: MemoryBudget;
  /** True while the work in the background has to wait. */
  isHeld?: () => boolean;
  onProgress: () => void;
  /** The file failed in the background, for good or as long as somebody does nothing. */
  onFailure: (error: unknown) => void;
}

/** The one connection that writes, from its opening until the file fails or the thread ends, and all that works on it. */
export class WritingConnection {
  private recorder: Recorder;
  private readonly maintenance: Maintenance;

  constructor(private readonly options: WritingConnectionOptions) {
    const { db, file, clock, logger, streams, isListWaiting, retention, budget, isHeld, onProgress } =
      options;
    this.recorder = new Recorder(db, streams()?.strict);
    this.maintenance = new Maintenance({
      ...{ db, clock, logger, isHeld, retention, budget },
      describe: (error) => describeObstacle(error, file),
      onFailure: (error) => this.survives(error),
      recorder: () => this.recorder,
      hasStreams: () => streams() !== undefined && !isListWaiting(),
      imports: new V22Import({ db, file, clock, logger, onProgress }),
    });
  }

  /** Begins the work in the background. */
  start(): void {
    this.maintenance.start();
  }

  /** From the last sign of life until then nobody watched. */
  markInterruption(until: number): void {
    const from = lastSignOfLife(this.options.db);
    this.options.db.transaction(() => this.recorder.interrupt(from, until)).immediate();
  }

  /**
   * All of it or nothing. After an error the connection has to be renewed or closed.
   * @returns what is known of streams that were found again
   */
  write(operations: readonly StoreOperation[]): Seed[] {
    this.maintenance.followClock();
    const { db, clock } = this.options;
    const seeds: Seed[] = [];
    const latest = clock.now() + MOST_AHEAD_MS;
    db.transaction(() => {
      for (const operation of operations) seeds.push(...this.recorder.apply(operation, latest));
    }).immediate();
    return seeds;
  }

  /**
   * After a rollback the recorder's copies are wrong, and so are those of work that is half done.
   * @throws what SQLite says
   */
  renew(): void {
    this.maintenance.dropJob();
    this.recorder = new Recorder(this.options.db, this.options.streams()?.strict);
  }

  /**
   * Work in the background needs more room than a commit, and more time without a lock: where only that is missing,
   * storing goes on.
   */
  private survives(error: unknown): boolean {
    try {
      if (!isPassing(error)) throw error;
      this.renew();
      return true;
    } catch (failure) {
      this.options.onFailure(failure);
      return false;
    }
  }

  get lastSeq(): number {
    return this.recorder.lastSeq;
  }

  allSeeds(): Seed[] {
    return this.recorder.allSeeds();
  }

  ids(): [name: string, id: number][] {
    return this.recorder.ids();
  }

  /**
   * What is not in the tables yet, for an answer that counts up to now.
   * @throws what SQLite says
   */
  openRollups(): OpenRollupsMessage {
    const { db, clock } = this.options;
    this.maintenance.followClock();
    const entries = this.recorder.rollups.snapshot(clock.now());
    return { kind: "open-rollups", entries, flushes: new Progress(db).get("flushes") };
  }

  stats(): MaintenanceStats {
    return this.maintenance.stats();
  }

  /** With its log. */
  bytes(): number {
    const { db, file } = this.options;
    if (file !== undefined) return sizeOf(file) + sizeOf(`${file}-wal`);
    const pragma = (name: string) => Number(db.pragma(name, { simple: true }));
    return pragma("page_count") * pragma("page_size");
  }

  signLife(): void {
    const { db, clock, logger } = this.options;
    try {
      new Progress(db).set("alive_at", clock.now());
    } catch (error) {
      logger.warn(`the time of the stop could not be stored: ${String(error)}`);
    }
  }

  close(): void {
    this.maintenance.stop();
    try {
      this.options.db.close();
    } catch (error) {
      this.options.logger.warn(`the database could not be closed cleanly: ${String(error)}`);
    }
  }
}

function sizeOf(file: string): number {
  try {
    return statSync(file).size;
  } catch {
    return 0;
  }
}
