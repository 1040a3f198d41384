import { existsSync } from "node:fs";
import { Backoff } from "../../common/backoff";
import type { Clock } from "../../common/clock";
import type { Logger } from "../../common/logger";
import { moveBrokenAside, type MovedFile, type OpenedDatabase } from "./database-file";
import type { MemoryBudget } from "./memory-budget";
import { checksIn, OperationQueue } from "./operation-queue";
import { SCHEMA_VERSION } from "./schema";
import { describeFailure, isBroken, isEnvironmental, StoreError } from "./store-failure";
import type {
  FromStoreWorker,
  Notice,
  OpenRollupsMessage,
  Retention,
  Seed,
  StoreOperation,
  StoreStats,
  StreamsOperation,
} from "./store-messages";
import { WritingConnection } from "./writing-connection";

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
  /** No file stands behind it: then it has a bound. */
  inMemory?: MemoryBudget;
}

const COMMIT_AFTER_MS = 500;
const COMMIT_AFTER_CHECKS = 500;
/** Many cameras of one switch go down together: their transitions share a commit. */
const COMMIT_SOON_MS = 10;
const MOST_QUEUED = 200_000;
const MOST_NOTICES = 10;
const RETRY_FIRST_MS = 1000;
const RETRY_MOST_MS = 10_000;
/** Until a list of streams says it nothing is deleted. */
const NO_LIMIT: Retention = { checks_days: Infinity, rollup_days: Infinity };

/**
 * Says when what comes in is written: in batches, and when the file fails it keeps what comes in and tries again by
 * opening the file anew.
 */
export class StoreWriter {
  private connection?: WritingConnection;
  private hasOpened = false;
  private startedAt = 0;
  private readonly queue: OperationQueue;
  private timer: unknown;
  /** When the timer fires; undefined while none is set. */
  private timerAt?: number;
  private backoff = new Backoff(RETRY_FIRST_MS, RETRY_MOST_MS);
  private streams?: StreamsOperation;
  private stopped = false;
  /** Of the last operation that came with one. */
  private lastNumber = 0;
  private checksStored = 0;
  private refused = 0;
  private lastCommitAt: number | null = null;
  /** As it was when it was open last. */
  private bytes = 0;
  private failure: string | null = null;
  private readonly notices: Notice[] = [];

  constructor(private readonly options: StoreWriterOptions) {
    this.queue = new OperationQueue(options.mostQueued ?? MOST_QUEUED);
  }

  start(): void {
    this.startedAt = this.options.clock.now();
    if (!this.open()) this.sendSeeds(true, []);
  }

  receive(operation: StoreOperation): void {
    if (operation.kind === "streams") this.streams = { ...operation, renames: [], number: undefined };
    this.lastNumber = operation.number ?? this.lastNumber;
    this.queue.push(operation);
    if (!this.connection || this.stopped) return;
    if (this.queue.checks >= COMMIT_AFTER_CHECKS) this.commit();
    else this.schedule(operation.kind === "checks" ? COMMIT_AFTER_MS : COMMIT_SOON_MS);
  }

  /** Commits what waits and closes the file. */
  stop(): void {
    this.stopped = true;
    this.cancelTimer();
    this.commit();
    this.connection?.signLife();
    if (this.queue.checks > 0) {
      this.options.logger.error(`${this.queue.checks} checks could not be stored before the stop`);
    }
    this.close();
  }

  private schedule(delayMs: number): void {
    const { clock } = this.options;
    const at = clock.elapsed() + delayMs;
    if (this.timerAt !== undefined && this.timerAt <= at) return;
    this.cancelTimer();
    this.timerAt = at;
    this.timer = clock.setTimeout(() => {
      this.timerAt = undefined;
      if (this.connection) this.commit();
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
      const { db, moved } = this.options.open(file, new Date(clock.now()));
      for (const one of moved) this.notice(one);
      const connection = this.connect(db);
      this.connection = connection;
      // what waits in memory tells what happened while the file could not be opened, but nothing tells it from before
      if (!this.hasOpened) connection.markInterruption(this.startedAt);
      this.hasOpened = true;
      connection.start();
      // a file that was begun anew knows no stream yet
      if (this.streams && !this.queue.has("streams")) this.queue.pushFirst(this.streams);
      this.sendSeeds(true, connection.allSeeds());
    } catch (error) {
      this.fail(error);
      return false;
    }
    if (this.queue.isEmpty) this.succeeded();
    else this.commit();
    return this.connection !== undefined;
  }

  private connect(db: OpenedDatabase["db"]): WritingConnection {
    const { file, inMemory, clock, logger, isHeld } = this.options;
    try {
      return new WritingConnection({
        ...{ db, file: inMemory ? undefined : file, clock, logger, isHeld },
        streams: () => this.streams,
        budget: inMemory,
        isListWaiting: () => this.queue.has("streams"),
        retention: () => this.retention(),
        onProgress: () => this.sendStats(),
        onFailure: (error) => this.fail(error),
      });
    } catch (error) {
      db.close();
      throw error;
    }
  }

  private retention(): Retention {
    const wanted = this.streams?.retention ?? NO_LIMIT;
    return this.options.inMemory?.shorten(wanted) ?? wanted;
  }

  /** Sends what is not in the tables yet, for an answer that counts up to now; or that it cannot be known now. */
  sendOpenRollups(): void {
    let open: OpenRollupsMessage = { kind: "open-rollups", entries: null, flushes: 0 };
    try {
      open = this.connection?.openRollups() ?? open;
    } catch (error) {
      this.fail(error);
    }
    this.options.send(open);
  }

  private commit(): void {
    this.cancelTimer();
    const { connection } = this;
    if (!connection || this.queue.isEmpty) return;
    const operations = this.queue.take();
    try {
      this.write(connection, operations);
    } catch (error) {
      if (isEnvironmental(error) || !renewed(connection)) {
        this.queue.putBack(operations);
        this.fail(error);
        return;
      }
      if (!this.writeOneByOne(connection, operations)) return;
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

  private write(connection: WritingConnection, operations: readonly StoreOperation[]): void {
    const seeds = connection.write(operations);
    for (const operation of operations) this.checksStored += checksIn(operation);
    this.lastCommitAt = this.options.clock.now();
    if (seeds.length > 0) this.sendSeeds(false, seeds);
    if (operations.some(({ kind }) => kind === "streams")) {
      this.options.send({ kind: "ids", ids: connection.ids() });
    }
  }

  /**
   * Something among them cannot be stored: the rest still is.
   * @returns false when the file failed meanwhile
   */
  private writeOneByOne(connection: WritingConnection, operations: StoreOperation[]): boolean {
    for (const [index, operation] of operations.entries()) {
      try {
        this.write(connection, [operation]);
      } catch (error) {
        if (isEnvironmental(error) || !renewed(connection)) {
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

  private fail(error: unknown): void {
    const { file, inMemory, clock, logger } = this.options;
    this.close();
    let failure = describeFailure(error, inMemory ? undefined : file);
    if (isBroken(error) && !inMemory) {
      try {
        this.notice({ text: moveBrokenAside(file, new Date(clock.now())), isLoss: true });
      } catch (moveError) {
        failure = describeFailure(moveError, file);
      }
    }
    if (failure !== this.failure) logger.error(failure);
    this.failure = failure;
    this.sendStats();
    if (!this.stopped) this.schedule(this.backoff.next(0));
  }

  private notice({ text, isLoss }: MovedFile): void {
    this.options.logger[isLoss ? "warn" : "info"](text);
    this.notices.push({ text, isLoss, at: this.options.clock.now() });
    if (this.notices.length > MOST_NOTICES) this.notices.shift();
  }

  private close(): void {
    this.connection?.close();
    this.connection = undefined;
  }

  private sendSeeds(opened: boolean, seeds: Seed[]): void {
    this.options.send({ kind: "seeds", opened, seeds, lastSeq: this.connection?.lastSeq ?? 0 });
  }

  private sendStats(): void {
    this.bytes = this.connection?.bytes() ?? this.bytes;
    const stats: StoreStats = {
      kind: "stats",
      checksStored: this.checksStored,
      written: (this.queue.firstNumber ?? this.lastNumber + 1) - 1,
      queued: this.queue.checks,
      dropped: this.queue.dropped + this.refused,
      lastCommitAt: this.lastCommitAt,
      databaseBytes: this.bytes,
      schemaVersion: SCHEMA_VERSION,
      failure: this.failure,
      notices: this.notices,
      maintenance: this.connection?.stats() ?? null,
    };
    this.options.send(stats);
  }
}

function renewed(connection: WritingConnection): boolean {
  try {
    connection.renew();
    return true;
  } catch {
    return false;
  }
}
