import type { Clock } from "../../common/clock";
import type { Link } from "./link";

export interface StatusTopicSettings {
  topic: string;
  qos: 0 | 1 | 2;
  retain: boolean;
  intervalMs: number;
}

export interface StatusTopicOptions {
  clock: Clock;
  /** What `GET /api/status` answers, byte for byte. */
  read: () => Promise<Buffer | string>;
  onPublished: () => void;
  /** Why nothing could be published; undefined when it could. A sentence. */
  onProblem: (problem: string | undefined) => void;
}

/** While the broker takes nothing more, it is looked again so soon. */
const CONGESTED_MS = 250;

/** `mqtt.topic`: the status of all streams, each interval, and at once when the broker is there. */
export class StatusTopic {
  private link?: Link;
  private timer: unknown;
  /** A status that is being read, or not confirmed yet: the next one waits for it, so that nothing piles up. */
  private busy = false;

  constructor(
    private readonly options: StatusTopicOptions,
    private settings: StatusTopicSettings,
  ) {}

  online(link: Link): void {
    this.link = link;
    this.busy = false;
    this.turn();
  }

  offline(): void {
    this.link = undefined;
    this.options.clock.clearTimeout(this.timer);
  }

  configure(settings: StatusTopicSettings): void {
    this.settings = settings;
    if (this.link) this.turn();
  }

  private turn(): void {
    const { clock } = this.options;
    const { link } = this;
    if (!link) return;
    clock.clearTimeout(this.timer);
    const waitMs = link.congested ? CONGESTED_MS : this.settings.intervalMs;
    this.timer = clock.setTimeout(() => this.turn(), waitMs);
    if (this.busy || link.congested) return;
    this.busy = true;
    this.publish(link)
      .then(
        () => this.options.onProblem(undefined),
        (error: unknown) => {
          if (this.link === link) this.options.onProblem((error as Error).message);
        },
      )
      .finally(() => {
        if (this.link === link) this.busy = false;
      });
  }

  private async publish(link: Link): Promise<void> {
    const body = await this.options.read();
    if (this.link !== link) return;
    const { topic, qos, retain } = this.settings;
    await link.publish(topic, body, { qos, retain });
    this.options.onPublished();
  }
}
