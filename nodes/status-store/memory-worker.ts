import os from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import BetterSqlite, { type Database } from "better-sqlite3";
import { systemClock } from "../../common/clock";
import { workerLogger } from "../../common/worker-logger";
import { HistoryReader } from "./history-reader";
import { isToReader, type ToReader } from "./reader-messages";
import { MemoryBudget } from "./memory-budget";
import { migrate } from "./schema";
import type { Retention, ToStoreWorker } from "./store-messages";
import { StoreWriter } from "./store-writer";

/** The thread of a history in memory: it writes and reads over one connection. */

/** What is older goes, whatever the settings say. */
const MOST_KEPT: Retention = { checks_days: 0.25, rollup_days: 31 };
/** Of the memory that this process may have, up to MOST_BYTES. */
const SHARE_OF_MEMORY = 1 / 8;
const MOST_BYTES = 256 * 1024 * 1024;
const NAME = "(in memory)";

export interface MemoryWorkerData {
  limitMs: number;
  /** What the history may take; unset: by the machine's memory. For tests. */
  memoryBytes?: number;
}

/** @param mostBytes beyond it SQLite refuses to write, should deleting not be fast enough */
function openInMemory(mostBytes: number): Database {
  const made = new BetterSqlite(":memory:");
  made.pragma("auto_vacuum = INCREMENTAL");
  // a large sort must not look for a disk either
  made.pragma("temp_store = MEMORY");
  migrate(made);
  made.pragma(
    `max_page_count = ${Math.ceil(mostBytes / Number(made.pragma("page_size", { simple: true })))}`,
  );
  return made;
}

/** A container has less than its machine. */
function availableBytes(): number {
  const limit = process.constrainedMemory();
  return limit > 0 && limit < os.totalmem() ? limit : os.totalmem();
}

if (!parentPort) throw new Error("memory-worker runs only as a worker thread");
const port = parentPort;
const { limitMs, memoryBytes } = workerData as MemoryWorkerData;
const mostBytes = memoryBytes ?? Math.min(MOST_BYTES, availableBytes() * SHARE_OF_MEMORY);
let db: Database | undefined;
const reader = new HistoryReader({
  open: () => {
    if (!db) throw new Error("it is not there yet");
    return db;
  },
  file: undefined,
  shared: true,
  clock: systemClock,
  limitMs,
  send: (message) => port.postMessage(message),
});
const writer = new StoreWriter({
  file: NAME,
  inMemory: new MemoryBudget(mostBytes, MOST_KEPT),
  clock: systemClock,
  logger: workerLogger(port),
  open: () => {
    db = openInMemory(2 * mostBytes);
    return { db, moved: [] };
  },
  send: (message) => port.postMessage(message),
  isHeld: () => reader.holdsRows,
});

port.on("message", (message: ToStoreWorker | ToReader) => {
  if (message.kind === "stop") {
    reader.stop();
    writer.stop();
    port.close();
  } else if (isToReader(message)) reader.receive(message);
  else if (message.kind === "open-rollups") writer.sendOpenRollups();
  else writer.receive(message);
});
writer.start();
