import { type Clock, systemClock } from "../../common/clock";
import type { Camera } from "./camera";

export interface FlappingOptions {
  upMs: number;
  downMs: number;
  clock?: Clock;
}

const RETRY_MS = 1000;

/** Any other camera, up and down by turns: while it is down its port refuses connections. */
export class FlappingCamera implements Camera {
  private readonly clock: Clock;
  private timer: unknown;
  private started = false;
  private turning: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly camera: Camera,
    private readonly options: FlappingOptions,
  ) {
    this.clock = options.clock ?? systemClock;
  }

  async start(): Promise<{ url: string }> {
    const address = await this.camera.start();
    this.started = true;
    this.after(this.options.upMs, () => this.goDown());
    return address;
  }

  async stop(): Promise<void> {
    this.started = false;
    this.clock.clearTimeout(this.timer);
    await this.turning;
    await this.camera.stop();
  }

  private async goDown(): Promise<void> {
    await this.camera.stop();
    this.after(this.options.downMs, () => this.goUp());
  }

  private async goUp(): Promise<void> {
    try {
      await this.camera.start();
      this.after(this.options.upMs, () => this.goDown());
    } catch {
      // another program has been given the port meanwhile, as a rule for the length of one connection
      this.after(RETRY_MS, () => this.goUp());
    }
  }

  private after(delayMs: number, turn: () => Promise<void>): void {
    if (!this.started) return;
    this.timer = this.clock.setTimeout(() => {
      this.turning = turn();
    }, delayMs);
  }
}
