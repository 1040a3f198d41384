import path from "node:path";
import type { Clock } from "../../common/clock";
import type { Logger } from "../../common/logger";
import { SupervisedWorker } from "../../common/supervised-worker";
import type { History, HistoryAnswer, HistoryListener, HistoryQuestion, LongQuestion } from "./history";
import type { MemoryWorkerData } from "./memory-worker";
import { ReaderClient } from "./reader-client";
import { isFromReader, type FromReader, type OpenSums, type ToReader } from "./reader-messages";
import type { ReaderWorkerData } from "./reader-worker";
import type { FromStoreWorker, StoreOperation, ToStoreWorker } from "./store-messages";

export interface ThreadedHistoryOptions {
  clock: Clock;
  logger: Logger;
  listener: HistoryListener;
  /** Longest time that an answer may take. */
  limitMs?: number;
  /** Absolute path of the writing thread's file, for tests. */
  workerFile?: string;
  /** What a history in memory may take, for tests; unset: by the machine's memory. */
  memoryBytes?: number;
}

const LIMIT_MS = 5000;
const GRACE_MS = 5000;
/** A question is answered without the writer's newest sums when they take longer, as while the disk is slow. */
const OPEN_SUMS_WAIT_MS = 1000;
/** The same where those that it sent last are still there: they are some seconds old. */
const OLD_SUMS_AFTER_MS = 50;
const OPEN_SUMS_KEPT_MS = 1000;
/** A writer that has not answered for so long is asked again: it may be busy, or have lost the question. */
const ASK_AGAIN_MS = 2000;
const MOST_TRIES = 3;
/** What is new in a thread's memory is collected sooner: no slower, and 60 MB less after an export. */
const THREAD_LIMITS = { maxYoungGenerationSizeMb: 8 } as const;

/** A history behind threads: what both implementations share. */
abstract class ThreadedHistory implements History {
  protected readonly client: ReaderClient;
  protected readonly writer: SupervisedWorker<ToStoreWorker | ToReader, FromStoreWorker | FromReader>;
  private open?: { sums: OpenSums; at: number };
  private readonly openWaits = new Set<(sums: OpenSums | null) => void>();
  /** When the writer was asked for its sums; undefined once it has answered. */
  private openAskedAt?: number;

  constructor(
    protected readonly options: ThreadedHistoryOptions,
    worker: { name: string; file: string; workerData: unknown },
  ) {
    const { clock, logger, listener, workerFile, limitMs = LIMIT_MS } = options;
    this.client = new ReaderClient({
      clock,
      patienceMs: limitMs + GRACE_MS,
      waitMs: limitMs + 2 * GRACE_MS,
      post: (message) => this.postToReader(message),
      kill: () => this.killReader(),
    });
    this.writer = new SupervisedWorker({
      ...{ name: worker.name, file: workerFile ?? worker.file, workerData: worker.workerData },
      ...{ clock, logger, resourceLimits: THREAD_LIMITS },
      onMessage: (message) => this.receive(message),
      onStart: () => listener.onBegin(),
      onDeath: (reason, retryMs) => {
        this.writerDied();
        listener.onDeath(reason, retryMs);
      },
    });
  }

  protected abstract postToReader(message: ToReader): boolean;
  protected abstract killReader(): void;

  start(): void {
    this.writer.start();
  }

  async stop(): Promise<void> {
    this.client.lose();
    this.settleOpen(null);
    await this.writer.stop();
  }

  write(operation: StoreOperation): boolean {
    return this.writer.post(operation);
  }

  async ask(question: HistoryQuestion): Promise<HistoryAnswer> {
    const needsOpen = countsUpToNow(question);
    for (let tries = 1; ; tries++) {
      // after a few races with the hourly flush the answer leaves the newest minutes out
      const open = needsOpen && tries <= MOST_TRIES ? await this.openSums() : null;
      const answer = await this.client.ask(question, open);
      if (answer !== "stale") return answer;
      this.open = undefined;
    }
  }

  read(question: LongQuestion): AsyncGenerator<Uint8Array, void, void> {
    return this.client.read(question);
  }

  protected receive(message: FromStoreWorker | FromReader): void {
    if (isFromReader(message)) return this.client.receive(message);
    if (message.kind === "open-rollups") {
      const { entries, flushes } = message;
      if (entries) this.open = { sums: { entries, flushes }, at: this.options.clock.elapsed() };
      // while the file fails, those that were known last
      return this.settleOpen(this.open?.sums ?? null);
    }
    // the file may be another one than before
    if (message.kind === "seeds" && message.opened) this.postToReader({ kind: "reopen" });
    this.options.listener.onMessage(message);
  }

  protected writerDied(): void {
    this.settleOpen(null);
  }

  private openSums(): Promise<OpenSums | null> {
    const { clock } = this.options;
    const known = this.open;
    if (known && clock.elapsed() - known.at < OPEN_SUMS_KEPT_MS) return Promise.resolve(known.sums);
    return new Promise((resolve) => {
      const settle = (sums: OpenSums | null) => {
        this.openWaits.delete(settle);
        clock.clearTimeout(timer);
        resolve(sums);
      };
      const waitMs = known ? OLD_SUMS_AFTER_MS : OPEN_SUMS_WAIT_MS;
      const timer = clock.setTimeout(() => settle(known?.sums ?? null), waitMs);
      this.openWaits.add(settle);
      this.askForOpen();
    });
  }

  /** Once for all who wait: a busy writer must not find a heap of questions afterwards. */
  private askForOpen(): void {
    const now = this.options.clock.elapsed();
    if (this.openAskedAt !== undefined && now - this.openAskedAt < ASK_AGAIN_MS) return;
    this.openAskedAt = now;
    if (!this.writer.post({ kind: "open-rollups" })) this.settleOpen(null);
  }

  private settleOpen(sums: OpenSums | null): void {
    this.openAskedAt = undefined;
    for (const settle of [...this.openWaits]) settle(sums);
  }
}

/** True where the sums that the writer still holds are part of the answer. */
function countsUpToNow(question: HistoryQuestion): boolean {
  if (question.kind === "history") return question.bucketMs !== null;
  if (question.kind === "metrics" || question.kind === "bars") return true;
  return question.kind === "uptime" && question.by.length > 0;
}

/** SQLite in a file: one thread owns the connection that writes, another one reads. */
export class SqliteHistory extends ThreadedHistory {
  private readonly reader: SupervisedWorker<ToReader, FromReader>;

  constructor(file: string, options: ThreadedHistoryOptions) {
    super(options, {
      name: "store worker",
      file: path.join(__dirname, "store-worker.js"),
      workerData: { file },
    });
    const { clock, logger, limitMs = LIMIT_MS } = options;
    this.reader = new SupervisedWorker({
      name: "history reader",
      file: path.join(__dirname, "reader-worker.js"),
      workerData: { file, limitMs } satisfies ReaderWorkerData,
      ...{ clock, logger, resourceLimits: THREAD_LIMITS },
      onMessage: (message) => this.client.receive(message),
      onStart: () => {},
      onDeath: () => this.client.lose(),
    });
  }

  override start(): void {
    super.start();
    this.reader.start();
  }

  override async stop(): Promise<void> {
    // the last one to close the file is the one that can bring its log in
    await this.reader.stop(500);
    await super.stop();
  }

  protected postToReader(message: ToReader): boolean {
    return this.reader.post(message);
  }

  protected killReader(): void {
    this.reader.kill();
  }
}

/** SQLite in memory, for devices whose disk must not be written to: it is gone with the process. */
export class MemoryHistory extends ThreadedHistory {
  constructor(options: ThreadedHistoryOptions) {
    super(options, {
      name: "store worker",
      file: path.join(__dirname, "memory-worker.js"),
      workerData: {
        limitMs: options.limitMs ?? LIMIT_MS,
        memoryBytes: options.memoryBytes,
      } satisfies MemoryWorkerData,
    });
  }

  protected postToReader(message: ToReader): boolean {
    return this.writer.post(message);
  }

  protected killReader(): void {
    this.writer.kill();
  }

  protected override writerDied(): void {
    super.writerDied();
    this.client.lose();
  }
}
