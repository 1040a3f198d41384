import type { Clock } from "../../common/clock";
import {
  BIRTH_TOPIC,
  bridgeDiscovery,
  discoveryTopic,
  streamDiscovery,
  type DiscoveryContext,
} from "./discovery";
import type { IncomingMessage, Link } from "./link";
import { PacedPublisher } from "./paced-publisher";
import type { MirroredStream } from "./streams-mirror";

export interface HomeAssistantOptions {
  clock: Clock;
  /** From 0 to 1. */
  random: () => number;
  all: () => Iterable<MirroredStream>;
  slugOf: (id: number) => string | undefined;
  onPublished: (messages: number) => void;
  onRefused: (error: Error) => void;
}

/** Home Assistant sets up some ten entities a device. */
const PACE = { perSecond: 200, everyMs: 50 };
/** All that speak MQTT hear at once that Home Assistant has started. */
const BIRTH_DELAY_MS = { least: 1000, more: 9000 };

/**
 * Tells Home Assistant of the streams: when the broker is there, when Home Assistant has started, and when something
 * of a stream changes that it is told. Nothing is kept at the broker: it asks by its birth message.
 */
export class HomeAssistant {
  private readonly paced: PacedPublisher;
  /** Streams of which pictures came. */
  private readonly images = new Set<number>();
  /** What was told since Home Assistant or we came: then it is also told what is not there any more. */
  private readonly announced = new Set<number>();
  private enabled = false;
  private link?: Link;
  private birthTimer: unknown;

  constructor(
    private readonly options: HomeAssistantOptions,
    private context: DiscoveryContext,
  ) {
    const { clock, onPublished, onRefused } = options;
    this.paced = new PacedPublisher(clock, PACE, onPublished, onRefused);
  }

  get queued(): number {
    return this.paced.queued;
  }

  online(link: Link): void {
    this.link = link;
    this.paced.online(link);
    if (this.enabled) this.begin(link);
  }

  offline(): void {
    this.link = undefined;
    this.paced.offline();
    this.endWait();
  }

  /** Switched off, it takes the devices away. */
  configure(enabled: boolean, context: DiscoveryContext): void {
    const before = { enabled: this.enabled, context: JSON.stringify(this.context) };
    this.enabled = enabled;
    this.context = context;
    if (!this.link) return;
    if (enabled && !before.enabled) this.begin(this.link);
    else if (enabled && before.context !== JSON.stringify(context)) this.announceAll();
    else if (!enabled && before.enabled) {
      this.endWait();
      this.link.unsubscribe([BIRTH_TOPIC]).catch(() => {});
      void this.removeAll();
    }
  }

  /** @returns true for Home Assistant's birth message */
  receive({ topic, payload, retained }: IncomingMessage): boolean {
    if (topic !== BIRTH_TOPIC) return false;
    // one that is kept says nothing new: we have announced everything when we came
    if (!this.enabled || retained || payload.toString() !== "online" || this.birthTimer !== undefined)
      return true;
    const { clock, random } = this.options;
    this.birthTimer = clock.setTimeout(
      () => {
        this.birthTimer = undefined;
        this.announceAll();
      },
      BIRTH_DELAY_MS.least + random() * BIRTH_DELAY_MS.more,
    );
    return true;
  }

  announce(stream: MirroredStream): void {
    if (this.enabled) this.set(stream);
  }

  remove(id: number): void {
    this.images.delete(id);
    this.announced.delete(id);
    if (this.enabled) this.paced.set(discoveryTopic(this.context.installation, id), () => "", true);
  }

  /** From now on the stream has a picture. */
  addImage(stream: MirroredStream): void {
    if (this.images.has(stream.id)) return;
    this.images.add(stream.id);
    this.announce(stream);
  }

  /** Takes all devices away, and announces none until it is switched on again. */
  removeAll(): Promise<void> {
    this.enabled = false;
    const { installation } = this.context;
    for (const { id } of this.options.all()) this.paced.set(discoveryTopic(installation, id), () => "", true);
    this.paced.set(discoveryTopic(installation), () => "", true);
    return this.paced.flush();
  }

  private begin(link: Link): void {
    // without the right to hear it, everything is still announced now
    link.subscribe([BIRTH_TOPIC]).catch(() => {});
    this.announceAll();
  }

  /** Those whose topic is not known yet are announced when it is. */
  private announceAll(): void {
    this.announced.clear();
    this.paced.set(discoveryTopic(this.context.installation), () => bridgeDiscovery(this.context), false);
    for (const stream of this.options.all()) this.set(stream);
  }

  private set({ id, name }: MirroredStream): void {
    const { slugOf } = this.options;
    if (slugOf(id) === undefined) return;
    const make = () => {
      const slug = slugOf(id);
      if (slug === undefined) return undefined;
      const removals = !this.announced.has(id);
      this.announced.add(id);
      return streamDiscovery({ id, name, slug, image: this.images.has(id) }, this.context, removals);
    };
    this.paced.set(discoveryTopic(this.context.installation, id), make, false);
  }

  private endWait(): void {
    this.options.clock.clearTimeout(this.birthTimer);
    this.birthTimer = undefined;
  }
}
