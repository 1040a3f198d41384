import { existsSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import BetterSqlite from "better-sqlite3";
import { systemClock } from "../../common/clock";
import { removeLeftCopies } from "./backup";
import { HistoryReader } from "./history-reader";
import type { FromReader, ToReader } from "./reader-messages";

/** The thread that answers from streams.db, with connections that cannot write. */

export interface ReaderWorkerData {
  file: string;
  limitMs: number;
}

const BUSY_TIMEOUT_MS = 500;

if (!parentPort) throw new Error("reader-worker runs only as a worker thread");
const port = parentPort;
const { file, limitMs } = workerData as ReaderWorkerData;
const reader = new HistoryReader({
  open: () => new BetterSqlite(file, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS }),
  file,
  shared: false,
  clock: systemClock,
  limitMs,
  send: (message: FromReader) => {
    const bytes = "bytes" in message && message.bytes ? [message.bytes.buffer as ArrayBuffer] : [];
    port.postMessage(message, bytes);
  },
});

if (existsSync(file)) removeLeftCopies(file);
port.on("message", (message: ToReader) => {
  if (message.kind !== "stop") return reader.receive(message);
  reader.stop();
  port.close();
});
