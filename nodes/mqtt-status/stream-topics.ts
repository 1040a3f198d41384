import type { Clock } from "../../common/clock";
import { KeptStates } from "./kept-states";
import type { IncomingMessage, Link } from "./link";
import { PacedPublisher } from "./paced-publisher";
import { bridgePayload, statePayload, urgentFacts, type Origin } from "./payloads";
import { SlugBook } from "./slug-book";
import type { MirroredStream, StreamsMirror } from "./streams-mirror";
import { streamTopic, type Topics } from "./topics";

export interface StreamTopicsOptions {
  clock: Clock;
  mirror: StreamsMirror;
  topics: Topics;
  version: string;
  /** Of the last 24 hours, 0 to 1; null while it is not known. */
  uptimeOf: (name: string) => number | null;
  onPublished: (messages: number) => void;
  onRefused: (error: Error) => void;
  /** A stream is published from now on, or has another name or topic. */
  onNamed: (stream: MirroredStream) => void;
  onGone: (id: number) => void;
  /** Once a connection: every stream has its topic. */
  onSettled: () => void;
  /** Another installation publishes below the same topic. */
  onStranger: () => void;
}

interface Published {
  name: string;
  facts: string;
  /** Of the monotonic clock. */
  at: number;
}

/** 10,000 states in two seconds, with time for everything else between the slices. */
const PACE = { perSecond: 5000, everyMs: 40 };
/** How often a state is told of which only latency, message or uptime changed. */
const UNHURRIED_MS = 60_000;
const BRIDGE_EVERY_MS = 1000;
const STREAMS_A_SLICE = 500;

/**
 * The kept topic of each stream, and the one about StreamPulse itself. When it comes online it reads what is kept at
 * the broker, takes over the topics that a run before has given, and clears those of streams that are gone.
 */
export class StreamTopics {
  private readonly slugs = new SlugBook();
  private readonly paced: PacedPublisher;
  private readonly kept: KeptStates;
  private readonly published = new Map<number, Published>();
  /** The ids of what is kept at the broker, by slug; undefined while this connection has not read it. */
  private found?: ReadonlyMap<string, number>;
  /** This connection knows which stream has which topic. */
  private begun = false;
  /** What belongs to no stream any more was cleared. */
  private settled = false;
  private toldSettled = false;
  private bridgeTimer: unknown;
  private sliceTimer: unknown;
  private bridge?: string;

  constructor(
    private readonly options: StreamTopicsOptions,
    private origin: Origin,
  ) {
    const { clock, topics, onPublished, onRefused, onStranger } = options;
    this.paced = new PacedPublisher(clock, PACE, onPublished, onRefused);
    this.kept = new KeptStates({
      ...{ clock, topics, installation: origin.installation, onStranger },
      onRead: (found) => {
        this.found = found;
        this.update([], []);
      },
    });
  }

  get queued(): number {
    return this.paced.queued;
  }

  slugOf(id: number): string | undefined {
    return this.slugs.slug(id);
  }

  streamOf(slug: string): MirroredStream | undefined {
    const id = this.slugs.owner(slug);
    return id === undefined ? undefined : this.options.mirror.byId(id);
  }

  online(link: Link): void {
    this.paced.online(link);
    void this.kept.read(link);
  }

  offline(): void {
    this.stopUpdates();
    this.paced.offline();
    this.kept.stop();
  }

  /** @returns true for a state that a run before has left */
  receive(message: IncomingMessage): boolean {
    return this.kept.receive(message);
  }

  /** What the mirror tells. While offline nothing is done: all is said anew afterwards. */
  update(changed: readonly MirroredStream[], removed: readonly MirroredStream[]): void {
    if (!this.found || !this.options.mirror.ready) return;
    if (!this.begun) return this.begin(this.found);
    for (const { id } of removed) this.remove(id);
    const named = changed.filter(({ id, name }) => this.published.get(id)?.name !== name);
    this.clear(this.slugs.assign(named));
    for (const stream of changed) {
      const before = this.published.get(stream.id);
      const facts = urgentFacts(stream);
      // another name is another fact
      if (before?.facts !== facts || this.isDue(before)) this.publish(stream, facts);
    }
    for (const stream of named) this.options.onNamed(stream);
    this.publishBridge();
    this.settle();
    if (!this.settled || this.toldSettled) return;
    this.toldSettled = true;
    this.options.onSettled();
  }

  /** Says the state of a stream again, changed or not. */
  repeat(id: number): void {
    const stream = this.options.mirror.byId(id);
    if (stream && this.begun) this.publish(stream, urgentFacts(stream));
  }

  /** Says all states again. */
  repeatAll(): void {
    for (const { id } of this.options.mirror.all()) this.repeat(id);
  }

  setOrigin(origin: Origin): void {
    this.origin = origin;
    this.repeatAll();
  }

  /** Takes everything away from the broker, and publishes nothing more on this connection. */
  clearAll(): Promise<void> {
    this.stopUpdates();
    this.clear(this.slugs.all());
    this.paced.set(this.options.topics.bridgeState, () => "", true);
    return this.paced.flush();
  }

  private stopUpdates(): void {
    const { clock } = this.options;
    this.found = this.bridge = undefined;
    this.begun = this.settled = this.toldSettled = false;
    clock.clearTimeout(this.bridgeTimer);
    clock.clearTimeout(this.sliceTimer);
    this.bridgeTimer = undefined;
  }

  /** Both the streams and what is kept at the broker are known. */
  private begin(found: ReadonlyMap<string, number>): void {
    const { mirror, onGone } = this.options;
    this.begun = true;
    this.settle();
    for (const [slug, id] of found) {
      const stream = mirror.byId(id);
      const isGone = !stream && mirror.complete;
      if (!isGone && (this.slugs.slug(id) === slug || this.claim(slug, id, stream))) continue;
      this.clear([slug]);
      if (isGone) onGone(id);
    }
    this.publishAll();
  }

  /** One whose stream may still come is held for it, so that no other stream gets it. */
  private claim(slug: string, id: number, stream: MirroredStream | undefined): boolean {
    return stream ? this.slugs.adopt(slug, stream) : this.slugs.hold(slug, id);
  }

  /** Takes away what is of streams that are gone, once it is known which are not. */
  private settle(): void {
    const { mirror } = this.options;
    if (this.settled || !mirror.complete) return;
    this.settled = true;
    for (const id of this.slugs.ids()) if (!mirror.byId(id)) this.remove(id);
  }

  /** In slices, so that nobody waits for 10,000. Whoever changes meanwhile is published at once. */
  private publishAll(): void {
    const { mirror, clock } = this.options;
    this.published.clear();
    const all = [...mirror.all()];
    this.clear(this.slugs.assign(all));
    const publishSlice = (from: number) => {
      const slice = all.slice(from, from + STREAMS_A_SLICE).map(({ id }) => mirror.byId(id));
      this.update(
        slice.filter((stream) => stream !== undefined),
        [],
      );
      if (from + STREAMS_A_SLICE >= all.length) return;
      this.sliceTimer = clock.setTimeout(() => publishSlice(from + STREAMS_A_SLICE), 0);
    };
    publishSlice(0);
  }

  private remove(id: number): void {
    this.published.delete(id);
    this.clear(this.slugs.release(id));
    this.options.onGone(id);
  }

  private isDue({ at }: Published): boolean {
    return this.options.clock.elapsed() - at >= UNHURRIED_MS;
  }

  private publish({ id, name }: MirroredStream, facts: string): void {
    const { topics, clock, mirror, uptimeOf } = this.options;
    const slug = this.slugs.slug(id);
    if (slug === undefined) return;
    this.published.set(id, { name, facts, at: clock.elapsed() });
    const make = () => {
      const stream = mirror.byId(id);
      return stream && statePayload(stream, uptimeOf(stream.name), this.origin);
    };
    this.paced.set(streamTopic(topics, slug, "state"), make, true);
  }

  /** At most once a second, since it counts all streams. */
  private publishBridge(): void {
    const { clock, mirror, topics, version } = this.options;
    this.bridgeTimer ??= clock.setTimeout(() => {
      this.bridgeTimer = undefined;
      const payload = bridgePayload(mirror.all(), version, this.origin);
      if (payload !== this.bridge) this.paced.set(topics.bridgeState, () => payload, true);
      this.bridge = payload;
    }, BRIDGE_EVERY_MS);
  }

  private clear(slugs: readonly string[]): void {
    for (const slug of slugs) {
      for (const leaf of ["state", "image"] as const) {
        this.paced.set(streamTopic(this.options.topics, slug, leaf), () => "", true);
      }
    }
  }
}
