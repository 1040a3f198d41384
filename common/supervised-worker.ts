import { Worker, type WorkerOptions } from "node:worker_threads";
import { Backoff } from "./backoff";
import type { Clock } from "./clock";
import type { Logger } from "./logger";

/** What a worker sends to its owner beside its own messages: the thread has no other way to a log. */
export interface WorkerLog {
  kind: "log";
  level: keyof Logger;
  text: string;
}

export interface SupervisedWorkerOptions<Out> {
  /** How log lines call it: "probe worker". */
  name: string;
  /** Absolute path of the compiled file. */
  file: string;
  workerData?: unknown;
  resourceLimits?: WorkerOptions["resourceLimits"];
  logger: Logger;
  clock: Clock;
  onMessage(message: Out): void;
  /** A fresh thread runs and wants its state: after the first start and after each restart. */
  onStart(): void;
  /** The thread has died; a new one starts after `retryMs`. */
  onDeath?(reason: string, retryMs: number): void;
}

/**
 * Owns one worker thread: starts it, hears it, starts it again with backoff when it dies, and ends it.
 * To stop, it posts `{ kind: "stop" }`, waits for the thread to end by itself, and terminates it when that takes too long.
 */
export class SupervisedWorker<In, Out> {
  private worker?: Worker;
  private timer: unknown;
  private stopping = false;
  private startedAt = 0;
  private readonly backoff = new Backoff(500, 30_000);

  /** How often the thread was started again. */
  restarts = 0;

  constructor(private readonly options: SupervisedWorkerOptions<Out>) {}

  start(): void {
    const { file, workerData, resourceLimits, clock } = this.options;
    const worker = new Worker(file, { workerData, resourceLimits, name: this.options.name });
    this.worker = worker;
    this.startedAt = clock.elapsed();
    let failure = "";
    worker.on("message", (message: Out | WorkerLog) => {
      if (isLog(message)) this.options.logger[message.level](message.text);
      else this.options.onMessage(message);
    });
    worker.on("messageerror", (error) => this.options.logger.error(`${this.options.name}: ${error.message}`));
    worker.on("error", (error: unknown) => {
      failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
    });
    worker.once("exit", (code) => {
      if (this.worker === worker) this.worker = undefined;
      if (!this.stopping) this.restartLater(failure || `it ended with code ${code}`);
    });
    this.options.onStart();
  }

  get running(): boolean {
    return this.worker !== undefined;
  }

  /** @returns false when no thread runs to hear it */
  post(message: In): boolean {
    if (!this.worker) return false;
    this.worker.postMessage(message);
    return true;
  }

  /** Ends a thread that hangs; a new one is started as after any death. */
  kill(): void {
    void this.worker?.terminate();
  }

  /** Ends the thread, by force after `timeoutMs`. Safe to call twice. */
  async stop(timeoutMs = 1500): Promise<void> {
    this.stopping = true;
    this.options.clock.clearTimeout(this.timer);
    const worker = this.worker;
    if (!worker) return;
    const ended = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
    worker.postMessage({ kind: "stop" });
    const force = setTimeout(() => void worker.terminate(), timeoutMs);
    await ended;
    clearTimeout(force);
  }

  private restartLater(reason: string): void {
    const delayMs = this.backoff.next(this.options.clock.elapsed() - this.startedAt);
    this.options.logger.error(`${this.options.name} died and is started again in ${delayMs} ms: ${reason}`);
    this.options.onDeath?.(reason, delayMs);
    this.timer = this.options.clock.setTimeout(() => {
      this.restarts++;
      this.start();
    }, delayMs);
  }
}

function isLog(message: unknown): message is WorkerLog {
  return typeof message === "object" && message !== null && (message as WorkerLog).kind === "log";
}
