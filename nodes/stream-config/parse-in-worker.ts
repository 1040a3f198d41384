import path from "node:path";
import { Worker } from "node:worker_threads";
import type { ConfigWorkerAnswer, ConfigWorkerData } from "./config-worker";

export interface ParseOptions {
  env: ConfigWorkerData["env"];
  /** Ends the thread at once; the promise then rejects. */
  signal: AbortSignal;
  timeoutMs?: number;
}

const MEMORY_MB = 512;

/**
 * Parses config.yaml in a thread of its own, which ends with it: 10,000 streams hold a processor for a second, and a
 * hostile file may hold it for ever.
 */
export function parseInWorker(
  text: string,
  { env, signal, timeoutMs = 10_000 }: ParseOptions,
): Promise<ConfigWorkerAnswer> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const worker = new Worker(path.join(__dirname, "config-worker.js"), {
      name: "config worker",
      workerData: { text, env } satisfies ConfigWorkerData,
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
    });
    let ended = false;
    // the first to end it decides: an exit follows everything else
    const end = (settle: () => void) => {
      if (ended) return;
      ended = true;
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      void worker.terminate().then(settle);
    };
    const abort = () => end(() => reject(signal.reason as Error));
    const refuse = (message: string) =>
      end(() => resolve({ fatal: { place: "", message, severity: "error" } }));
    const timer = setTimeout(
      () => refuse(`the file cannot be read within ${timeoutMs / 1000} s: make it smaller or simpler`),
      timeoutMs,
    );
    signal.addEventListener("abort", abort);
    worker.once("message", (answer: ConfigWorkerAnswer) => end(() => resolve(answer)));
    // the error's own words may quote the file
    worker.once("error", (error: NodeJS.ErrnoException) => {
      refuse(`the file cannot be read (${error.code ?? error.name}): make it smaller or simpler`);
    });
    worker.once("exit", () => refuse("the file cannot be read: its reader ended without an answer"));
  });
}
