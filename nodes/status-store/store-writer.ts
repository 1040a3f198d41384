import { existsSync, statSync } from "node:fs";
import type { Database } from "better-sqlite3";
import { settingsSchema } from "../../contracts";
import { Backoff } from "../../common/backoff";
import type { Clock } from "../../common/clock";
import type { Logger } from "../../common/logger";
import { moveBrokenAside, type OpenedDatabase } from "./database-file";
import { Maintenance } from "./maintenance";
import { checksIn, OperationQueue } from "./operation-queue";
import { lastSignOfLife, Progress } from "./progress";
import { Recorder } from "./recorder";
import { SCHEMA_VERSION } from "./schema";
import { describeFailure, isBroken, isEnvironmental, StoreError } from "./store-failure";
import { V22Import } from "./v22-import";
import type {
  FromStoreWorker,
  Retention,
  Seed,
  StoreOperation,
  StoreStats,
  StreamsOperation,
} from "./store-messages";

export interface StoreWriterOptions {
  /** Absolute path of streams.db. */
  file: string;
  clock: Clock;
  logger: Logger;
  open(file: string, now: Date): OpenedDatabase;
  send(message: FromStoreWorker): void;
  /** Checks and other events that wait in memory while nothing can be written. */
  mostQueued?: number;
  /** True while the work in the background has to wait. */
  isHeld?: () => boolean;
  /** No file stands behind it. */
  inMemory?: boolean;
  /** Retention is never longer. */
  mostKept?: Retention;
}

const COMMIT_AFTER_MS = 500;
const COMMIT_AFTER_CHECKS = 500;
/** Many cameras of one switch go down together: their transitions share a commit. */
const COMMIT_SOON_MS = 10;
const MOST_QUEUED = 200_000;
const MOST_NOTICES = 10;
const RETRY_FIRST_MS = 1000;
const RETRY_MOST_MS = 10_000;
const DEFAULT_RETENTION: Retention = settingsSchema.parse({}).retention;

/**
 * Owns the one connection that writes: commits in batches, and when the file fails it keeps what comes in and tries
 * again by opening the file anew.
 */
export class StoreWriter {
  private db?: Database;
  private recorder?: Recorder;
  private maintenance?: Maintenance;
  private hasOpened = false;
  private startedAt = 0;
  private readonly queue: OperationQueue;
  private timer: unknown;
  /** When the timer fires; undefined while none is set. */
  private timerAt?: number;
  private backoff = new Backoff(RETRY_FIRST_MS, RETRY_MOST_MS);
  private streams?: StreamsOperation;
  private stopped = false;
  private checksStored = 0;
  private refused = 0;
  private lastCommitAt: number | null = null;
  private failure: string | null = null;
  private readonly notices: string[] = [];

  constructor(private readonly options: StoreWriterOptions) {
    this.queue = new OperationQueue(options.mostQueued ?? MOST_QUEUED);
  }

  start(): void {
    this.startedAt = this.options.clock.now();
    if (!this.open()) this.sendSeeds(true, []);
  }

  receive(operation: StoreOperation): void {
    if (operation.kind === "streams") this.streams = { ...operation, renames: [] };
    this.queue.push(operation);
    if (!this.recorder || this.stopped) return;
    if (this.queue.checks >= COMMIT_AFTER_CHECKS) this.commit();
    else this.schedule(operation.kind === "checks" ? COMMIT_AFTER_MS : COMMIT_SOON_MS);
  }

  /** Commits what waits and closes the file. */
  stop(): void {
    this.stopped = true;
    this.cancelTimer();
    this.commit();
    this.signLife();
    if (this.queue.checks > 0) {
      this.options.logger.error(`${this.queue.checks} checks could not be stored before the stop`);
    }
    this.close();
  }

  private signLife(): void {
    try {
      if (this.db) new Progress(this.db).set("alive_at", this.options.clock.now());
    } catch (error) {
      this.options.logger.warn(`the time of the stop could not be stored: ${String(error)}`);
    }
  }

  private schedule(delayMs: number): void {
    const { clock } = this.options;
    const at = clock.elapsed() + delayMs;
    if (this.timerAt !== undefined && this.timerAt <= at) return;
    this.cancelTimer();
    this.timerAt = at;
    this.timer = clock.setTimeout(() => {
      this.timerAt = undefined;
      if (this.recorder) this.commit();
      else this.open();
    }, delayMs);
  }

  private cancelTimer(): void {
    this.options.clock.clearTimeout(this.timer);
    this.timerAt = undefined;
  }

  /** @returns false when it failed and is tried again later */
  private open(): boolean {
    const { file, clock } = this.options;
    try {
      const { db, notices } = this.options.open(file, new Date(clock.now()));
      this.db = db;
      for (const notice of notices) this.notice(notice);
      this.recorder = new Recorder(db, this.streams?.strict);
      this.markInterruption(db);
      this.maintenance = this.startMaintenance(db);
      // a file that was begun anew knows no stream yet
      if (this.streams && !this.queue.has("streams")) this.queue.pushFirst(this.streams);
      this.sendSeeds(true, this.recorder.allSeeds());
    } catch (error) {
      this.fail(error);
      return false;
    }
    if (this.queue.isEmpty) this.succeeded();
    else this.commit();
    return this.recorder !== undefined;
  }

  /** What waits in memory tells what happened while the file could not be opened, but nothing tells it from before. */
  private markInterruption(db: Database): void {
    if (this.hasOpened) return;
    this.hasOpened = true;
    const from = lastSignOfLife(db);
    db.transaction(() => this.recorder?.interrupt(from, this.startedAt)).immediate();
  }

  private retention(): Retention {
    const { checks_days, rollup_days } = this.streams?.retention ?? DEFAULT_RETENTION;
    const { mostKept } = this.options;
    return {
      checks_days: Math.min(checks_days, mostKept?.checks_days ?? Infinity),
      rollup_days: Math.min(rollup_days, mostKept?.rollup_days ?? Infinity),
    };
  }

  private startMaintenance(db: Database): Maintenance {
    const { clock, logger, file, isHeld, inMemory } = this.options;
    const maintenance = new Maintenance({
      ...{ db, clock, logger, isHeld, recorder: () => this.recorder },
      retention: () => this.retention(),
      hasStreams: () => this.streams !== undefined && !this.queue.has("streams"),
      imports: new V22Import({
        db,
        file: inMemory ? undefined : file,
        clock,
        logger,
        onProgress: () => this.sendStats(),
      }),
      onFailure: (error) => this.fail(error),
    });
    maintenance.start();
    return maintenance;
  }

  /** Sends what is not in the tables yet, for an answer that counts up to now. */
  sendOpenRollups(): void {
    if (!this.db || !this.recorder) return;
    const entries = this.recorder.rollups.snapshot(this.options.clock.now());
    this.options.send({ kind: "open-rollups", entries, flushes: new Progress(this.db).get("flushes") });
  }

  private commit(): void {
    this.cancelTimer();
    if (!this.recorder || this.queue.isEmpty) return;
    const operations = this.queue.take();
    try {
      this.write(operations);
    } catch (error) {
      if (isEnvironmental(error) || !this.reload()) {
        this.queue.putBack(operations);
        this.fail(error);
        return;
      }
      if (!this.writeOneByOne(operations)) return;
    }
    if (this.options.inMemory || existsSync(this.options.file)) this.succeeded();
    else this.fail(new StoreError(`The database ${this.options.file} was removed while it was in use.`));
  }

  private succeeded(): void {
    if (this.failure !== null) this.options.logger.info(`the database ${this.options.file} is written again`);
    this.failure = null;
    this.backoff = new Backoff(RETRY_FIRST_MS, RETRY_MOST_MS);
    this.sendStats();
  }

  /** All of it or nothing. */
  private write(operations: readonly StoreOperation[]): void {
    const { db, recorder } = this;
    if (!db || !recorder) return;
    const seeds: Seed[] = [];
    db.transaction(() => {
      for (const operation of operations) seeds.push(...recorder.apply(operation));
    }).immediate();
    for (const operation of operations) this.checksStored += checksIn(operation);
    this.lastCommitAt = this.options.clock.now();
    if (seeds.length > 0) this.sendSeeds(false, seeds);
    if (operations.some(({ kind }) => kind === "streams")) {
      this.options.send({ kind: "ids", ids: recorder.ids() });
    }
  }

  /**
   * Something among them cannot be stored: the rest still is.
   * @returns false when the file failed meanwhile
   */
  private writeOneByOne(operations: StoreOperation[]): boolean {
    for (const [index, operation] of operations.entries()) {
      try {
        this.write([operation]);
      } catch (error) {
        if (isEnvironmental(error) || !this.reload()) {
          this.queue.putBack(operations.slice(index));
          this.fail(error);
          return false;
        }
        this.refused += checksIn(operation);
        this.options.logger.error(
          `a message of the kind "${operation.kind}" cannot be stored and was left out: ${String(error)}`,
        );
      }
    }
    return true;
  }

  /** After a rollback the recorder's copies are wrong. */
  private reload(): boolean {
    try {
      if (this.db) this.recorder = new Recorder(this.db, this.streams?.strict);
      return true;
    } catch {
      return false;
    }
  }

  private fail(error: unknown): void {
    const { file, clock, logger } = this.options;
    this.close();
    let failure = describeFailure(error, file);
    if (isBroken(error)) {
      try {
        this.notice(moveBrokenAside(file, new Date(clock.now())));
      } catch (moveError) {
        failure = describeFailure(moveError, file);
      }
    }
    if (failure !== this.failure) logger.error(failure);
    this.failure = failure;
    this.sendStats();
    if (!this.stopped) this.schedule(this.backoff.next(0));
  }

  private notice(text: string): void {
    this.options.logger.warn(text);
    this.notices.push(text);
    if (this.notices.length > MOST_NOTICES) this.notices.shift();
  }

  private close(): void {
    this.maintenance?.stop();
    this.maintenance = undefined;
    this.recorder = undefined;
    try {
      this.db?.close();
    } catch (error) {
      this.options.logger.warn(`the database could not be closed cleanly: ${String(error)}`);
    }
    this.db = undefined;
  }

  private sendSeeds(opened: boolean, seeds: Seed[]): void {
    this.options.send({ kind: "seeds", opened, seeds, lastSeq: this.recorder?.lastSeq ?? 0 });
  }

  private bytes(): number {
    const { file, inMemory } = this.options;
    if (!inMemory) return sizeOf(file) + sizeOf(`${file}-wal`);
    const pragma = (name: string) => Number(this.db?.pragma(name, { simple: true }) ?? 0);
    return pragma("page_count") * pragma("page_size");
  }

  private sendStats(): void {
    const stats: StoreStats = {
      kind: "stats",
      checksStored: this.checksStored,
      queued: this.queue.checks,
      dropped: this.queue.dropped + this.refused,
      lastCommitAt: this.lastCommitAt,
      databaseBytes: this.bytes(),
      schemaVersion: SCHEMA_VERSION,
      failure: this.failure,
      notices: this.notices,
      maintenance: this.maintenance?.stats() ?? null,
    };
    this.options.send(stats);
  }
}

function sizeOf(file: string): number {
  try {
    return statSync(file).size;
  } catch {
    return 0;
  }
}
