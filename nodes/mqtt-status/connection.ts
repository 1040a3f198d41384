import { Backoff } from "../../common/backoff";
import type { Clock } from "../../common/clock";
import type { Logger } from "../../common/logger";
import { brokerName, clientOptions, SetupError, type BrokerSettings } from "./broker-settings";
import type { Failure } from "./failure";
import type { IncomingMessage, Link } from "./link";
import { BrokerSession } from "./session";

export interface ConnectionOptions {
  settings: BrokerSettings;
  clock: Clock;
  logger: Logger;
  /** From 0 to 1. */
  random: () => number;
  onOnline: (link: Link) => void;
  onOffline: () => void;
  onMessage: (message: IncomingMessage) => void;
  /** `online` or the failure has changed. */
  onChange: () => void;
}

/** Each delay is cut at random to at least its half, so that all clients of a broker do not come back at once. */
const FIRST_DELAY_MS = 2000;
const LONGEST_DELAY_MS = 60_000;
/** A connection that ends sooner was none: it is not told, and the next one waits longer. */
const STABLE_MS = 10_000;

/** Keeps a connection to the broker, for ever. Says why there is none once, and not at each try. */
export class BrokerConnection {
  private session?: BrokerSession;
  private timer: unknown;
  private stableTimer: unknown;
  private stopped = false;
  private openedAt?: number;
  private backoff = newBackoff();
  private shortLived = 0;
  private said?: string;

  online = false;
  /** Why the last try failed; undefined once a connection holds. */
  failure?: Failure;

  constructor(private readonly options: ConnectionOptions) {}

  start(): void {
    void this.connect();
  }

  /**
   * What the will would say.
   * @param mostMs resolves by then, whether the broker has confirmed it, and all that was published before it, or not
   */
  async sayOffline(mostMs: number): Promise<void> {
    const { willTopic } = this.options.settings;
    if (willTopic && this.online) await this.session?.sayLast(willTopic, "offline", mostMs);
  }

  /** Leaves, within a second. What was said before still arrives. */
  async stop(): Promise<void> {
    this.stopped = true;
    const { clock } = this.options;
    clock.clearTimeout(this.timer);
    clock.clearTimeout(this.stableTimer);
    await this.session?.close();
    this.online = false;
  }

  private async connect(): Promise<void> {
    const { settings, clock } = this.options;
    this.openedAt = undefined;
    try {
      const client = await clientOptions(settings);
      if (this.stopped) return;
      const session = new BrokerSession({
        client,
        clock,
        place: { broker: brokerName(settings), clientId: settings.clientId },
        onOpen: () => this.open(session),
        onMessage: (message) => this.options.onMessage(message),
        onEnd: (failure) => this.lose(failure),
      });
      this.session = session;
      await session.start();
    } catch (error) {
      const { message } = error as Error;
      const text = error instanceof SetupError ? message : `The MQTT client cannot be started: ${message}.`;
      this.lose({ kind: "setup", text });
    }
  }

  private open(session: BrokerSession): void {
    const { clock, onOnline, onChange } = this.options;
    this.openedAt = clock.elapsed();
    this.online = true;
    // a connection that is closed again and again would be news each time
    if (this.shortLived === 0) this.hold();
    else this.stableTimer = clock.setTimeout(() => this.hold(), STABLE_MS);
    onOnline(session);
    onChange();
  }

  private hold(): void {
    this.shortLived = 0;
    this.failure = this.said = undefined;
    this.options.logger.info(`connected to the broker ${brokerName(this.options.settings)}`);
    this.options.onChange();
  }

  private lose(failure: Failure): void {
    if (this.stopped) return;
    const { clock, onOffline, onChange } = this.options;
    clock.clearTimeout(this.stableTimer);
    const ranForMs = this.openedAt === undefined ? 0 : clock.elapsed() - this.openedAt;
    const wasOnline = this.online;
    this.session = undefined;
    this.online = false;
    if (wasOnline && ranForMs < STABLE_MS) this.shortLived++;
    this.failure = this.shortLived > 1 && failure.kind === "lost" ? this.closedAgain() : failure;
    this.say(this.failure.text);
    if (ranForMs >= STABLE_MS) this.backoff = newBackoff();
    const delayMs = this.backoff.next(ranForMs);
    const jittered = delayMs * (0.5 + this.options.random() / 2);
    this.timer = clock.setTimeout(() => void this.connect(), jittered);
    if (wasOnline) onOffline();
    onChange();
  }

  private say(text: string): void {
    if (text === this.said) return;
    this.said = text;
    this.options.logger.warn(text);
  }

  /** MQTT 3.1.1 gives a broker no way to say why it closes a connection. */
  private closedAgain(): Failure {
    const { settings } = this.options;
    const id = JSON.stringify(settings.clientId);
    return {
      kind: "closed",
      text: `The broker ${brokerName(settings)} closes the connection soon after each beginning: another client may use the client id ${id}, or the broker forbids what is published.`,
    };
  }
}

function newBackoff(): Backoff {
  return new Backoff(FIRST_DELAY_MS, LONGEST_DELAY_MS);
}
