import path from "node:path";
import { Worker } from "node:worker_threads";
import type { Logger } from "../../common/logger";

/** What the thread is started with. */
export interface WatchdogTask {
  /** Shared memory: at TICKS what the main loop counts up, at LIMIT the seconds without a count that are too many. */
  shared: Int32Array;
}

export const TICKS = 0;
export const LIMIT = 1;
/** In the place of the count: the thread ends. */
export const STOP = -1;

const TICK_MS = 500;
/** Loading hundreds of files from a slow disk is one long turn. */
const LIMIT_AT_START_SECONDS = 120;

/**
 * A thread that ends this process when its event loop has not turned for so long that it never will, so that whoever
 * started the process (`npm start`, Docker, systemd) starts it again. Nothing on the loop itself could do that.
 */
export class Watchdog {
  private readonly shared = new Int32Array(new SharedArrayBuffer(8));
  private timer?: NodeJS.Timeout;
  private worker?: Worker;

  /** @param limitSeconds 0: no watchdog */
  constructor(
    private readonly limitSeconds: number,
    private readonly logger: Logger,
  ) {}

  /** Watches, with more patience than usual until all is loaded. */
  start(): void {
    if (this.limitSeconds === 0) return;
    this.shared[LIMIT] = Math.max(this.limitSeconds, LIMIT_AT_START_SECONDS);
    this.timer = setInterval(() => this.signal((this.shared[TICKS]! + 1) & 0x7fffffff), TICK_MS).unref();
    const workerData: WatchdogTask = { shared: this.shared };
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

  /** All is loaded: from now on the limit counts. */
  loaded(): void {
    Atomics.store(this.shared, LIMIT, this.limitSeconds);
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
    Atomics.store(this.shared, TICKS, value);
    Atomics.notify(this.shared, TICKS);
  }
}
