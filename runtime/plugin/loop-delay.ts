import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Clock } from "../../common/clock";

const RESOLUTION_MS = 20;
const WINDOW_MS = 60_000;

export interface LoopDelayFigures {
  loopDelayP99Ms: number;
  loopDelayMaxMs: number;
}

/** How long Node-RED's main loop was held up, over the last one to two minutes. */
export class LoopDelay {
  private readonly histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  private before: LoopDelayFigures = { loopDelayP99Ms: 0, loopDelayMaxMs: 0 };
  private timer: unknown;

  constructor(private readonly clock: Clock) {}

  start(): void {
    this.histogram.enable();
    this.nextWindow();
  }

  stop(): void {
    this.clock.clearTimeout(this.timer);
    this.histogram.disable();
  }

  figures(): LoopDelayFigures {
    const current = this.current();
    return {
      loopDelayP99Ms: Math.max(current.loopDelayP99Ms, this.before.loopDelayP99Ms),
      loopDelayMaxMs: Math.max(current.loopDelayMaxMs, this.before.loopDelayMaxMs),
    };
  }

  private nextWindow(): void {
    this.timer = this.clock.setTimeout(() => {
      this.before = this.current();
      this.histogram.reset();
      this.nextWindow();
    }, WINDOW_MS);
  }

  private current(): LoopDelayFigures {
    if (this.histogram.count === 0) return { loopDelayP99Ms: 0, loopDelayMaxMs: 0 };
    return {
      loopDelayP99Ms: delayMs(this.histogram.percentile(99)),
      loopDelayMaxMs: delayMs(this.histogram.max),
    };
  }
}

/** The histogram holds whole intervals in nanoseconds: what is above its resolution is the delay. */
function delayMs(nanoseconds: number): number {
  return Math.round(Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS) * 10) / 10;
}
