import path from "node:path";
import { Worker } from "node:worker_threads";
import type { ConfigTask, ConfigTasks, ConfigWorkerData } from "./config-worker";
import type { Environment } from "./environment";

const MEMORY_MB = 512;
const SIMPLER = ": make it smaller or simpler";

/** The thread did not come to an answer; the message is a sentence without subject. */
export class ThreadFault extends Error {}

/** The thread has been stopped, and answers nothing more. */
export class ThreadEnded extends Error {}

/**
 * The thread that reads and writes YAML: 10,000 streams hold a processor for a second, and a hostile file may hold it
 * for ever. It stays, because it knows what it has read; one that takes too long is ended, and the next question
 * starts another.
 */
export class ConfigThread {
  private worker?: Worker;
  private queue: Promise<unknown> = Promise.resolve();
  private stopped = false;
  private cancel: () => void = () => {};

  constructor(
    private readonly env: Environment,
    private readonly timeoutMs = 10_000,
  ) {}

  /**
   * Questions are answered one after another.
   * @throws ThreadFault when there is no answer
   */
  ask<Task extends ConfigTask>(
    task: Task,
    ask: ConfigTasks[Task]["ask"],
  ): Promise<ConfigTasks[Task]["answer"]> {
    const answer = this.queue.then(() => this.askNow(task, ask));
    this.queue = answer.catch(() => {});
    return answer;
  }

  /** Ends the thread at once; whoever waits for an answer gets an error. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.cancel();
    await this.end();
  }

  private askNow<Task extends ConfigTask>(
    task: Task,
    ask: ConfigTasks[Task]["ask"],
  ): Promise<ConfigTasks[Task]["answer"]> {
    return new Promise((resolve, reject) => {
      if (this.stopped) throw new ThreadEnded();
      const worker = (this.worker ??= this.start());
      const settle = (outcome: () => void) => {
        clearTimeout(timer);
        worker.off("message", onMessage).off("error", onError).off("exit", onExit).off("online", onOnline);
        this.cancel = () => {};
        outcome();
      };
      const fail = (what: string) =>
        settle(() => void this.end().then(() => reject(new ThreadFault(`cannot be read${what}`))));
      const onMessage = (answer: ConfigTasks[Task]["answer"]) => settle(() => resolve(answer));
      // the error's own words may quote the file
      const onError = ({ code, name }: NodeJS.ErrnoException) => fail(` (${code ?? name})${SIMPLER}`);
      const onExit = () => fail(": its reader ended without an answer");
      const timer = setTimeout(() => fail(` within ${this.timeoutMs / 1000} s${SIMPLER}`), this.timeoutMs);
      // how long a thread takes to begin says nothing about the text
      const onOnline = () => void timer.refresh();
      this.cancel = () => settle(() => reject(new ThreadEnded()));
      worker.on("message", onMessage).on("error", onError).on("exit", onExit).on("online", onOnline);
      try {
        worker.postMessage({ task, ask });
      } catch (error) {
        onError(error as Error);
      }
    });
  }

  private start(): Worker {
    const worker = new Worker(path.join(__dirname, "config-worker.js"), {
      name: "config worker",
      workerData: { env: this.env } satisfies ConfigWorkerData,
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
    });
    // while nobody asks, nobody is to be told: the next question starts another
    worker.on("error", () => {});
    worker.once("exit", () => {
      if (this.worker === worker) this.worker = undefined;
    });
    return worker;
  }

  private async end(): Promise<void> {
    const { worker } = this;
    this.worker = undefined;
    await worker?.terminate();
  }
}
