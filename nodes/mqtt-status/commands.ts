import type { Clock } from "../../common/clock";
import type { Logger } from "../../common/logger";
import type { IncomingMessage, Link } from "./link";
import type { MirroredStream } from "./streams-mirror";
import { streamTopic, type Topics } from "./topics";

export interface CommandsOptions {
  clock: Clock;
  logger: Logger;
  topics: Topics;
  streamOf: (slug: string) => MirroredStream | undefined;
  onCheck: (stream: MirroredStream) => void;
  onEnable: (stream: MirroredStream, enabled: boolean) => void;
}

/** At once, and from then on a second: each may write a file or open a camera. */
const BURST = 50;
const PER_SECOND = 5;
const MOST_PAYLOAD_BYTES = 32;
const ON_OFF: Record<string, boolean> = {
  ...{ on: true, true: true, "1": true },
  ...{ off: false, false: false, "0": false },
};

/** Takes commands from the broker: "check now" and "enabled". Anything else is ignored, and counted. */
export class Commands {
  accepted = 0;
  ignored = 0;
  /** Why none can be taken. A sentence. */
  problem?: string;
  private enabled = false;
  private link?: Link;
  private tokens = BURST;
  private flooded = false;
  private filledAt: number;
  private readonly filters: string[];
  private readonly pattern: RegExp;

  constructor(private readonly options: CommandsOptions) {
    const { topics, clock } = options;
    this.filledAt = clock.elapsed();
    this.filters = [streamTopic(topics, "+", "check"), streamTopic(topics, "+", "enabled/set")];
    this.pattern = /^([a-z0-9_-]+)\/(check|enabled\/set)$/;
  }

  online(link: Link): void {
    this.link = link;
    if (this.enabled) this.subscribe(link);
  }

  offline(): void {
    this.link = undefined;
  }

  configure(enabled: boolean): void {
    if (enabled === this.enabled) return;
    this.enabled = enabled;
    this.problem = undefined;
    if (!this.link) return;
    if (enabled) this.subscribe(this.link);
    else this.link.unsubscribe(this.filters).catch(() => {});
  }

  receive(message: IncomingMessage): void {
    if (this.enabled && this.execute(message)) this.accepted++;
    else this.ignored++;
  }

  private subscribe(link: Link): void {
    link.subscribe(this.filters).then(
      () => (this.problem = undefined),
      (error: Error) => {
        if (this.link === link) this.problem = `Commands cannot be taken: ${error.message}.`;
      },
    );
  }

  private execute({ topic, payload, retained }: IncomingMessage): boolean {
    const { topics, streamOf, onCheck, onEnable } = this.options;
    // one that is kept would be obeyed again at each beginning
    if (retained || payload.length > MOST_PAYLOAD_BYTES) return false;
    const prefix = `${topics.base}/streams/`;
    const match = topic.startsWith(prefix) ? this.pattern.exec(topic.slice(prefix.length)) : null;
    const stream = match?.[1] === undefined ? undefined : streamOf(match[1]);
    if (!match || !stream) return false;
    const wanted = match[2] === "check" ? undefined : ON_OFF[payload.toString().trim().toLowerCase()];
    if (match[2] !== "check" && wanted === undefined) return false;
    if (!this.takeToken()) return false;
    if (wanted === undefined) onCheck(stream);
    else onEnable(stream, wanted);
    return true;
  }

  private takeToken(): boolean {
    const { clock, logger } = this.options;
    const now = clock.elapsed();
    this.tokens = Math.min(BURST, this.tokens + ((now - this.filledAt) / 1000) * PER_SECOND);
    this.filledAt = now;
    if (this.tokens === BURST) this.flooded = false;
    if (this.tokens >= 1) {
      this.tokens--;
      return true;
    }
    if (!this.flooded)
      logger.warn(`commands come faster than ${PER_SECOND} a second over MQTT: those beyond are ignored`);
    this.flooded = true;
    return false;
  }
}
