import type { Transition } from "../../contracts";
import type { Clock } from "../../common/clock";
import type { Logger } from "../../common/logger";
import { ZonedTime } from "../../common/zoned-time";
import { Commands } from "./commands";
import type { DiscoveryContext } from "./discovery";
import { EventOutbox } from "./event-outbox";
import { HomeAssistant } from "./home-assistant";
import { Images } from "./images";
import { TooLargeError, type IncomingMessage, type Link } from "./link";
import type { Outputs } from "./outputs";
import { eventPayload, type Origin } from "./payloads";
import type { PublisherSettings } from "./publisher-settings";
import type { Questions } from "./questions";
import { StreamTopics } from "./stream-topics";
import { StreamsMirror } from "./streams-mirror";
import { Switches } from "./switches";
import { Uptimes } from "./uptimes";

export interface StreamPublishingOptions {
  clock: Clock;
  logger: Logger;
  random: () => number;
  /** What the store and others know us by. */
  consumer: string;
  installation: string;
  version: string;
  outputs: Outputs;
  questions: Questions;
  onPublished: (messages: number) => void;
}

/** A store answers within milliseconds; Node-RED may still be starting. */
const STORE_MISSING_MS = 30_000;
/** Events wait so long for ids and topics. Without a store there are none. */
const EVENTS_WAIT_MS = 10_000;

/** Everything that `per_stream`, `discovery` and `commands` add to the one topic of v2.2. */
export class StreamPublishing {
  private readonly mirror: StreamsMirror;
  private readonly streams: StreamTopics;
  private readonly events: EventOutbox;
  private readonly homeAssistant: HomeAssistant;
  private readonly commands: Commands;
  private readonly switches: Switches;
  private readonly images: Images;
  private readonly uptimes: Uptimes;
  private readonly startedAt: number;
  private origin: Origin;
  private stranger = false;
  /** It was said on this connection that something is too large for the broker. */
  private saidTooLarge = false;
  /** The connection that no event was sent on yet. */
  private eventsWait?: { link: Link; timer: unknown };

  constructor(
    private readonly options: StreamPublishingOptions,
    private settings: PublisherSettings,
  ) {
    const { clock, logger, random, consumer, outputs, questions, version, onPublished } = options;
    const { topics } = settings;
    const onRefused = (error: Error) => this.sayTooLarge(error);
    this.startedAt = clock.elapsed();
    this.origin = this.originOf(settings);
    this.mirror = new StreamsMirror(consumer, clock, {
      askSnapshot: (asker) => outputs.toStore({ topic: "snapshot", asker }),
      onChange: (changed, removed) => {
        this.switches.shown(changed);
        this.streams.update(changed, removed);
      },
    });
    this.switches = new Switches(clock);
    this.uptimes = new Uptimes(
      clock,
      (parameters) => questions.ask("uptime", parameters),
      (names) => {
        for (const name of names) this.repeat(name);
      },
    );
    this.streams = new StreamTopics(
      {
        ...{ clock, mirror: this.mirror, topics, version, onPublished, onRefused },
        uptimeOf: (name) => this.uptimes.of(name),
        onNamed: (stream) => {
          this.homeAssistant.announce(stream);
          this.images.publish(stream.name);
        },
        onGone: (id) => this.homeAssistant.remove(id),
        onSettled: () => this.beginEvents(),
        onStranger: () => (this.stranger = true),
      },
      this.origin,
    );
    this.homeAssistant = new HomeAssistant(
      {
        ...{ clock, random, onPublished, onRefused },
        all: () => this.mirror.all(),
        slugOf: (id) => this.streams.slugOf(id),
      },
      this.discoveryContext(settings),
    );
    this.images = new Images({
      ...{ topics, onPublished, onRefused },
      slugOf: (name) => this.slugOf(name),
      onImage: (name) => {
        const stream = this.mirror.byName(name);
        if (stream) this.homeAssistant.addImage(stream);
      },
    });
    this.commands = new Commands({
      ...{ clock, logger, topics },
      streamOf: (slug) => this.streams.streamOf(slug),
      onCheck: ({ name }) => outputs.toProbe({ topic: "check", payload: name }),
      onEnable: (stream, enabled) => this.enable(stream, enabled),
    });
    this.events = new EventOutbox({
      ...{ clock, logger, consumer, topic: topics.events },
      payloadOf: (transition) => this.eventOf(transition),
      ask: (parameters) => questions.ask("transitions", parameters),
      delivered: (seq) => outputs.toStore({ topic: "delivered", payload: { consumer, seq } }),
      onPublished: () => onPublished(1),
    });
  }

  start(): void {
    this.apply(this.settings);
    this.mirror.start();
    this.events.start();
  }

  stop(): void {
    this.offline();
    this.mirror.stop();
    this.events.stop();
    this.uptimes.stop();
  }

  /** After a deploy the store may be another one. */
  refresh(): void {
    this.mirror.start();
  }

  /** @param settings with the same broker and topics */
  configure(settings: PublisherSettings): void {
    const isNewOrigin = settings.timezone !== this.settings.timezone || settings.site !== this.settings.site;
    this.settings = settings;
    if (isNewOrigin) this.streams.setOrigin((this.origin = this.originOf(settings)));
    this.apply(settings);
  }

  online(link: Link): void {
    this.uptimes.start();
    this.stranger = this.saidTooLarge = false;
    // first the old states are read, then everything is published; Home Assistant is told of each topic as it is known
    this.homeAssistant.online(link);
    this.images.online(link);
    this.streams.online(link);
    const timer = this.options.clock.setTimeout(() => this.beginEvents(), EVENTS_WAIT_MS);
    this.eventsWait = { link, timer };
    this.commands.online(link);
  }

  offline(): void {
    this.homeAssistant.offline();
    this.images.offline();
    this.streams.offline();
    this.endEventsWait();
    this.events.offline();
    this.commands.offline();
  }

  /**
   * Takes all that is kept away from the broker, before it is published elsewhere or nowhere.
   * @param devicesStay Home Assistant is told of the same devices again, at their new topics
   */
  async clear(devicesStay: boolean): Promise<void> {
    this.images.offline();
    if (this.settings.discovery && !devicesStay) await this.homeAssistant.removeAll();
    await this.streams.clearAll();
  }

  receive(message: IncomingMessage): void {
    if (this.streams.receive(message) || this.homeAssistant.receive(message)) return;
    this.commands.receive(message);
  }

  receiveTransition(transition: Transition): void {
    this.events.receive(transition);
  }

  /** @returns what is wrong with the message */
  receiveLive(message: Record<string, unknown>): string | undefined {
    return message.topic === "snapshot"
      ? this.mirror.receiveSnapshot(message)
      : this.mirror.receiveChanges(message);
  }

  /** @returns what is wrong with the picture */
  receiveImage(name: string, jpeg: Buffer): string | undefined {
    return this.images.receive(name, jpeg);
  }

  /** What stream-config answered to a command: where it was refused, whoever switched sees that nothing changed. */
  receiveEdited(name: string, statusCode: number, payload: unknown): void {
    this.switches.answered(name, statusCode >= 400);
    if (statusCode < 400) return;
    const { message } = (payload as { error?: { message?: unknown } } | null)?.error ?? {};
    const words = typeof message === "string" ? message.slice(0, 300) : `answer ${statusCode}`;
    this.options.logger.warn(`a command over MQTT could not be carried out: ${words}`);
    this.repeat(name);
  }

  get queued(): number {
    return this.streams.queued + this.events.queued + this.homeAssistant.queued;
  }

  get details(): Record<string, number> {
    const { accepted, ignored } = this.commands;
    return { eventsDropped: this.events.dropped, commandsAccepted: accepted, commandsIgnored: ignored };
  }

  get problems(): string[] {
    const problems: string[] = [];
    if (!this.mirror.ready && this.options.clock.elapsed() - this.startedAt > STORE_MISSING_MS) {
      problems.push(
        "No status-store answers the MQTT publisher, so that streams have no topics of their own: wire its second output to a status-store, and that store's second output back.",
      );
    }
    if (this.stranger) {
      problems.push(
        `Another installation of StreamPulse publishes below ${this.settings.topics.base}/ at this broker: give one of them a site or another mqtt.topic.`,
      );
    }
    if (this.commands.problem !== undefined) problems.push(this.commands.problem);
    return problems;
  }

  private apply(settings: PublisherSettings): void {
    this.homeAssistant.configure(settings.discovery, this.discoveryContext(settings));
    this.commands.configure(settings.commands);
  }

  private enable(stream: { id: number; name: string; enabled: boolean }, enabled: boolean): void {
    const { id, name } = stream;
    if (enabled === this.switches.enabledOf(stream)) return this.streams.repeat(id);
    this.switches.begin(name, enabled);
    const payload = { action: "change-stream", name, stream: { enabled } } as const;
    this.options.outputs.toConfig({ topic: "edit", payload, edited: name });
  }

  private sayTooLarge(error: Error): void {
    if (!(error instanceof TooLargeError) || this.saidTooLarge) return;
    this.saidTooLarge = true;
    this.options.logger.warn(error.message);
  }

  private beginEvents(): void {
    const link = this.endEventsWait();
    if (link) this.events.online(link);
  }

  private endEventsWait(): Link | undefined {
    const wait = this.eventsWait;
    this.options.clock.clearTimeout(wait?.timer);
    this.eventsWait = undefined;
    return wait?.link;
  }

  private repeat(name: string): void {
    const stream = this.mirror.byName(name);
    if (stream) this.streams.repeat(stream.id);
  }

  private slugOf(name: string): string | undefined {
    const stream = this.mirror.byName(name);
    return stream && this.streams.slugOf(stream.id);
  }

  private eventOf(transition: Transition): string {
    const stream = this.mirror.byName(transition.stream);
    const known = stream && { id: stream.id, slug: this.streams.slugOf(stream.id) };
    return eventPayload(transition, known, this.origin);
  }

  private originOf({ site, timezone }: PublisherSettings): Origin {
    return { installation: this.options.installation, site, zone: new ZonedTime(timezone) };
  }

  private discoveryContext({ site, topics, commands }: PublisherSettings): DiscoveryContext {
    const { installation, version } = this.options;
    return { installation, version, site, topics, commands };
  }
}
