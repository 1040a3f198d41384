import { parentPort, workerData } from "node:worker_threads";
import { systemClock } from "../../common/clock";
import { workerLogger } from "../../common/worker-logger";
import { openDatabase } from "./database-file";
import type { ToStoreWorker } from "./store-messages";
import { StoreWriter } from "./store-writer";

/** The store's thread: the only place where streams.db is opened. */

if (!parentPort) throw new Error("store-worker runs only as a worker thread");
const port = parentPort;
const writer = new StoreWriter({
  file: (workerData as { file: string }).file,
  clock: systemClock,
  logger: workerLogger(port),
  open: openDatabase,
  send: (message) =>
    port.postMessage(
      message,
      message.kind === "open-rollups" && message.entries ? [message.entries.buffer] : [],
    ),
});

port.on("message", (message: ToStoreWorker) => {
  if (message.kind === "open-rollups") return writer.sendOpenRollups();
  if (message.kind !== "stop") return writer.receive(message);
  writer.stop();
  port.close();
});
writer.start();
