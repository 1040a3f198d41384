import path from "node:path";
import { Worker } from "node:worker_threads";
import type { Logger } from "../../common/logger";

/** What the thread is started with. */
export interface WatchdogTask {
  /** One number in shared memory that the main loop counts up; STOP ends the thread. */
  ticks: Int32Array;
  limitSeconds: number;
}

export const STOP = -1;

const TICK_MS = 500;

/**
 * A thread that ends this process when its event loop has not turned for so long that it never will, so that whoever
 * started the process (`npm start`, Docker, systemd) starts it again. Nothing on the loop itself could do that.
 */
export class Watchdog {
  private readonly ticks = new Int32Array(new SharedArrayBuffer(4));
  private timer?: NodeJS.Timeout;
  private worker?: Worker;

  /** @param limitSeconds 0: no watchdog */
  constructor(
    private readonly limitSeconds: number,
    private readonly logger: Logger,
  ) {}

  start(): void {
    if (this.limitSeconds === 0) return;
    this.timer = setInterval(() => this.signal((this.ticks[0]! + 1) & 0x7fffffff), TICK_MS).unref();
    const workerData: WatchdogTask = { ticks: this.ticks, limitSeconds: this.limitSeconds };
    const resourceLimits = { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1, stackSizeMb: 1 };
    const file = path.join(__dirname, "watchdog-worker.js");
    this.worker = new Worker(file, { workerData, resourceLimits, name: "watchdog", env: {}, execArgv: [] });
    this.worker.once("error", (error: unknown) =>
      this.logger.error(
        `The watchdog has died, and a hung event loop will not be noticed until the next start: ${String(error)}`,
      ),
    );
    this.worker.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    const { worker } = this;
    this.worker = undefined;
    if (!worker) return;
    this.signal(STOP);
    await worker.terminate();
  }

  private signal(value: number): void {
    Atomics.store(this.ticks, 0, value);
    Atomics.notify(this.ticks, 0);
  }
}
