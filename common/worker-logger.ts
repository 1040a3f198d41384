import type { MessagePort } from "node:worker_threads";
import type { Logger } from "./logger";
import type { WorkerLog } from "./supervised-worker";

/** The logger of a worker thread: each line goes to the thread's owner as a message. */
export function workerLogger(port: MessagePort): Logger {
  const send = (level: keyof Logger) => (text: string) => {
    port.postMessage({ kind: "log", level, text } satisfies WorkerLog);
  };
  return { info: send("info"), warn: send("warn"), error: send("error"), debug: send("debug") };
}
