import type { Clock } from "../../common/clock";
import type { BrowserSocket } from "../node/widget-port";

/** A file that is saved several times in a row is told once. */
const QUIET_MS = 150;
const MOST_VIEWERS = 500;

/** Tells all open pages that config.yaml is another one now. */
export class SettingsViewers {
  private readonly viewers = new Set<BrowserSocket>();
  private timer: unknown;

  constructor(
    private readonly clock: Clock,
    private readonly push: (socket: BrowserSocket, kind: string, data: unknown) => void,
  ) {}

  /** Whoever has read the file wants to know when it changes. */
  add(socket: BrowserSocket): void {
    for (const viewer of this.viewers) if (!viewer.connected) this.viewers.delete(viewer);
    if (this.viewers.size < MOST_VIEWERS) this.viewers.add(socket);
  }

  changed(): void {
    this.clock.clearTimeout(this.timer);
    this.timer = this.clock.setTimeout(() => {
      for (const viewer of this.viewers) {
        if (viewer.connected) this.push(viewer, "config", null);
        else this.viewers.delete(viewer);
      }
    }, QUIET_MS);
  }

  stop(): void {
    this.clock.clearTimeout(this.timer);
    this.viewers.clear();
  }
}
