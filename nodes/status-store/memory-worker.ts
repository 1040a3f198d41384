import { parentPort, workerData } from "node:worker_threads";
import BetterSqlite, { type Database } from "better-sqlite3";
import { systemClock } from "../../common/clock";
import { workerLogger } from "../../common/worker-logger";
import { HistoryReader } from "./history-reader";
import { isToReader, type ToReader } from "./reader-messages";
import { migrate } from "./schema";
import type { Retention, ToStoreWorker } from "./store-messages";
import { StoreWriter } from "./store-writer";

/** The thread of a history in memory: it writes and reads over one connection. */

/** So that memory has a bound: what is older goes, whatever the settings say. */
const MOST: Retention = { checks_days: 0.25, rollup_days: 31 };
const NAME = "(in memory)";

if (!parentPort) throw new Error("memory-worker runs only as a worker thread");
const port = parentPort;
let db: Database | undefined;
const reader = new HistoryReader({
  open: () => {
    if (!db) throw new Error("it is not there yet");
    return db;
  },
  file: undefined,
  shared: true,
  clock: systemClock,
  limitMs: (workerData as { limitMs: number }).limitMs,
  send: (message) => port.postMessage(message),
});
const writer = new StoreWriter({
  file: NAME,
  inMemory: true,
  mostKept: MOST,
  clock: systemClock,
  logger: workerLogger(port),
  open: () => {
    db = new BetterSqlite(":memory:");
    migrate(db);
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
