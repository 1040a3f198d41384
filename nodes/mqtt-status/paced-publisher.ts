import type { Clock } from "../../common/clock";
import type { Link } from "./link";

/** Makes a payload when its turn has come, so that it is the newest. Undefined: there is nothing to say any more. */
export type Make = () => string | Buffer | undefined;

export interface Pace {
  /** Messages. */
  perSecond: number;
  /** Between two slices. */
  everyMs: number;
}

/** Where a loaded machine comes late to a slice, the next one is larger, but not more than so many times. */
const MOST_SLICES = 5;
/** Some milliseconds of work. */
const FLUSHED_AT_ONCE = 500;

/**
 * Publishes one message a topic, in slices, so that neither our loop nor the broker is flooded. A topic waits once: what
 * comes meanwhile takes the place of what waited. While the broker takes nothing, nothing is sent and nothing grows.
 */
export class PacedPublisher {
  private readonly waiting = new Map<string, { make: Make; retain: boolean }>();
  private link?: Link;
  private timer: unknown;
  private lastTurn: number;

  constructor(
    private readonly clock: Clock,
    private readonly pace: Pace,
    private readonly onPublished: (messages: number) => void,
    private readonly onRefused: (error: Error) => void = () => {},
  ) {
    this.lastTurn = clock.elapsed() - pace.everyMs;
  }

  /** How many topics wait. */
  get queued(): number {
    return this.waiting.size;
  }

  online(link: Link): void {
    this.link = link;
    this.schedule();
  }

  /** Forgets what waits: whoever comes online again says anew what is so. */
  offline(): void {
    this.link = undefined;
    this.waiting.clear();
    this.clock.clearTimeout(this.timer);
    this.timer = undefined;
  }

  set(topic: string, make: Make, retain: boolean): void {
    if (!this.link) return;
    this.waiting.set(topic, { make, retain });
    this.schedule();
  }

  /** Sends everything that waits without its pace, for the last moment of a connection. */
  async flush(): Promise<void> {
    while (this.link && this.waiting.size > 0) {
      this.send(FLUSHED_AT_ONCE);
      await new Promise<void>((resolve) => this.clock.setTimeout(resolve, 0));
    }
  }

  private schedule(): void {
    if (!this.link || this.waiting.size === 0 || this.timer !== undefined) return;
    const delayMs = Math.max(0, this.lastTurn + this.pace.everyMs - this.clock.elapsed());
    this.timer = this.clock.setTimeout(() => {
      this.timer = undefined;
      const { perSecond, everyMs } = this.pace;
      const now = this.clock.elapsed();
      const slices = Math.min(Math.max(1, Math.floor((now - this.lastTurn) / everyMs)), MOST_SLICES);
      this.lastTurn = now;
      if (!this.link?.congested) this.send(Math.ceil((perSecond * everyMs * slices) / 1000));
      this.schedule();
    }, delayMs);
  }

  private send(most: number): void {
    const { link } = this;
    if (!link) return;
    let sent = 0;
    for (const [topic, { make, retain }] of this.waiting) {
      if (sent >= most) break;
      this.waiting.delete(topic);
      const payload = make();
      if (payload === undefined) continue;
      // without confirmation: the whole is said again after a loss of the connection
      link.publish(topic, payload, { qos: 0, retain }).catch(this.onRefused);
      sent++;
    }
    this.onPublished(sent);
  }
}
