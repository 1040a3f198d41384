import { z } from "zod";
import { transitionSchema, type Transition } from "../../contracts";
import type { Clock } from "../../common/clock";
import type { Logger } from "../../common/logger";
import type { Link } from "./link";
import { SilenceError } from "./questions";

export interface EventOutboxOptions {
  clock: Clock;
  logger: Logger;
  topic: string;
  /** How the store remembers us. */
  consumer: string;
  payloadOf: (transition: Transition) => string;
  /** Asks for the query `transitions`. */
  ask: (parameters: Record<string, unknown>) => Promise<Buffer | string>;
  /** Tells the store up to which number all have arrived. */
  delivered: (seq: number) => void;
  onPublished: () => void;
}

const answerSchema = z.object({
  transitions: z.array(transitionSchema),
  delivered: z.number().int(),
  lastSeq: z.number().int(),
});

/** In memory at once. What does not fit is in the store. */
const MOST_PENDING = 2000;
const PAGE = 500;
/** Under way to the broker at once. */
const MOST_UNDER_WAY = 64;
/** Who was away for longer wants to know how it is, and not all that was. */
const OLDEST_REPLAYED_MS = 7 * 24 * 3600 * 1000;
const DELIVERED_EVERY_MS = 500;
const ASK_AGAIN_MS = 250;
const ASK_LATER_MS = 5000;
/** A store that begins with a large database is silent for a while. Until then nothing is told out of its order. */
const ALONE_AFTER_MS = 30_000;
/** So often a gap is asked for, which may be one between two runs: then the store has not kept what is missing. */
const MOST_ASKED = 20;

interface Pending {
  transition: Transition;
  state: "waiting" | "sent" | "confirmed";
}

/**
 * Hands on every transition in the order of its number, with QoS 1. They come by wire as they happen; what is missing,
 * because the broker or this program was away, is asked of the store, which remembers what has arrived. Without a
 * store they are kept in memory, and the oldest are dropped when they are too many.
 */
export class EventOutbox {
  private pending: Pending[] = [];
  /** The number of the newest that is pending or has arrived; undefined until the store has said where to begin. */
  private cursor?: number;
  private newestAt = 0;
  /** Came by wire, after a gap or before it is known where to begin. */
  private early: Transition[] = [];
  private behind = true;
  private asking = false;
  private asked = 0;
  /** Nobody answers our questions: what comes by wire is all there is. */
  private alone = false;
  private silentSince?: number;
  private link?: Link;
  private askTimer: unknown;
  private deliveredTimer: unknown;
  private deliveredSeq = 0;
  private toldSeq = 0;
  private tooOld = 0;
  private stopped = false;

  /** Transitions that were never told. */
  dropped = 0;

  constructor(private readonly options: EventOutboxOptions) {}

  get queued(): number {
    return this.pending.length;
  }

  /** Asks where to begin, so that nothing is lost where the broker is away from the first moment. */
  start(): void {
    this.refill();
  }

  online(link: Link): void {
    this.link = link;
    // a node made anew may have asked before the store had written what came to the one before
    this.behind = true;
    this.endWait();
    this.refill();
    this.send();
  }

  offline(): void {
    this.link = undefined;
    // whether the last ones have arrived nobody knows: QoS 1 allows to say them twice
    for (const entry of this.pending) if (entry.state === "sent") entry.state = "waiting";
  }

  stop(): void {
    this.stopped = true;
    this.offline();
    this.endWait();
    this.options.clock.clearTimeout(this.deliveredTimer);
    this.tellDelivered();
  }

  /** What came by wire. */
  receive(transition: Transition): void {
    if (this.alone) this.take(transition);
    else if (this.cursor === undefined) this.keepEarly(transition);
    else this.takeInOrder(transition, this.cursor);
    this.refill();
    this.send();
  }

  private takeInOrder(transition: Transition, cursor: number): void {
    const { seq, at } = transition;
    if (seq <= cursor) {
      // the numbers began anew with another database
      if (at <= this.newestAt) return;
      this.take(transition);
    } else if (seq === cursor + 1 && this.pending.length < MOST_PENDING) this.take(transition);
    else {
      this.behind = true;
      this.keepEarly(transition);
    }
  }

  private keepEarly(transition: Transition): void {
    if (this.early.length >= MOST_PENDING) this.early.shift();
    this.early.push(transition);
  }

  private take(transition: Transition): void {
    this.cursor = transition.seq;
    this.newestAt = Math.max(this.newestAt, transition.at);
    if (this.pending.length >= MOST_PENDING) {
      const oldest = this.pending.findIndex(({ state }) => state === "waiting");
      if (oldest >= 0) this.pending.splice(oldest, 1);
      this.dropped++;
    }
    this.pending.push({ transition, state: "waiting" });
  }

  /** Asks the store for what is missing, when there is room for it and anybody to tell, or where to begin. */
  private refill(): void {
    if (this.stopped || !this.behind || this.asking || this.askTimer !== undefined) return;
    if (!this.link && this.cursor !== undefined) return;
    if (this.pending.length > MOST_PENDING - PAGE) return;
    this.asking = true;
    const { consumer, ask } = this.options;
    const after = this.cursor === undefined ? {} : { after: this.cursor };
    ask({ consumer, limit: PAGE, ...after })
      .then((payload) => this.takeAnswer(answerSchema.parse(JSON.parse(String(payload)))))
      .catch((error: unknown) => this.takeFailure(error))
      .finally(() => {
        this.asking = false;
        this.refill();
        this.send();
      });
  }

  private takeAnswer({ transitions, delivered, lastSeq }: z.infer<typeof answerSchema>): void {
    this.alone = false;
    this.silentSince = undefined;
    const before = this.cursor ?? delivered;
    this.cursor = before;
    this.takeStored(transitions.filter(({ seq }) => seq > before));
    this.takeEarly();
    const newestKnown = Math.max(lastSeq, this.early.at(-1)?.seq ?? 0);
    if (this.cursor >= newestKnown) this.catchUp();
    if (!this.behind || this.cursor > before) {
      this.asked = 0;
      return;
    }
    // a transition comes by wire before it is in the database
    if (++this.asked <= MOST_ASKED) this.askAfter(ASK_AGAIN_MS);
    else this.giveUpGap(newestKnown);
  }

  private takeStored(transitions: readonly Transition[]): void {
    const oldest = this.options.clock.now() - OLDEST_REPLAYED_MS;
    const told = transitions.filter(({ at }) => at >= oldest);
    for (const transition of told) this.take(transition);
    const tooOld = transitions.length - told.length;
    if (tooOld === 0) return;
    this.cursor = transitions.at(-1)?.seq;
    this.dropped += tooOld;
    this.tooOld += tooOld;
  }

  private catchUp(): void {
    this.behind = false;
    if (this.tooOld === 0) return;
    this.options.logger.warn(`${this.tooOld} changes of state are older than a week and no event any more`);
    this.tooOld = 0;
  }

  private takeEarly(): void {
    const { early } = this;
    this.early = [];
    for (const transition of early) {
      if (this.cursor !== undefined && transition.seq > this.cursor)
        this.takeInOrder(transition, this.cursor);
    }
  }

  /** Goes on without what is missing. A store that has more, which it cannot write now, is asked for it later. */
  private giveUpGap(newestKnown: number): void {
    for (const transition of this.early.splice(0)) this.take(transition);
    if (this.cursor === undefined || this.cursor < newestKnown) return this.askAfter(ASK_LATER_MS);
    this.catchUp();
    this.asked = 0;
  }

  /** A store that is busy is asked again, and so is one that may be wired later. */
  private takeFailure(error: unknown): void {
    const now = this.options.clock.elapsed();
    if (!(error instanceof SilenceError)) this.silentSince = undefined;
    else if (now - (this.silentSince ??= now) >= ALONE_AFTER_MS) {
      this.alone = true;
      for (const transition of this.early.splice(0)) this.take(transition);
    }
    this.askAfter(ASK_LATER_MS);
  }

  private askAfter(ms: number): void {
    if (this.stopped) return;
    this.askTimer = this.options.clock.setTimeout(() => {
      this.askTimer = undefined;
      this.refill();
    }, ms);
  }

  private endWait(): void {
    this.options.clock.clearTimeout(this.askTimer);
    this.askTimer = undefined;
  }

  private send(): void {
    const { link } = this;
    if (!link) return;
    // a few places are left for others
    const most = Math.max(1, Math.min(MOST_UNDER_WAY, link.receiveMaximum - 4));
    for (const entry of this.pending.slice(0, most)) {
      if (entry.state !== "waiting") continue;
      entry.state = "sent";
      const { topic, payloadOf, onPublished } = this.options;
      link.publish(topic, payloadOf(entry.transition), { qos: 1, retain: false }).then(
        () => this.confirm(entry),
        (error: unknown) => this.refuse(entry, link, error),
      );
      onPublished();
    }
  }

  private confirm(entry: Pending): void {
    if (this.stopped) return;
    entry.state = "confirmed";
    let arrived = 0;
    while (this.pending[arrived]?.state === "confirmed") {
      this.deliveredSeq = this.pending[arrived++]?.transition.seq as number;
    }
    this.pending.splice(0, arrived);
    this.deliveredTimer ??= this.options.clock.setTimeout(() => this.tellDelivered(), DELIVERED_EVERY_MS);
    this.refill();
    this.send();
  }

  /** One that a broker does not take must not hold up the others. The end of a connection is no refusal. */
  private refuse(entry: Pending, link: Link, error: unknown): void {
    if (this.link !== link || !isRefusal(error)) return;
    this.dropped++;
    this.options.logger.warn(`the broker refuses an event: ${(error as Error).message}`);
    this.confirm(entry);
  }

  private tellDelivered(): void {
    this.deliveredTimer = undefined;
    if (this.deliveredSeq === this.toldSeq) return;
    this.toldSeq = this.deliveredSeq;
    this.options.delivered(this.deliveredSeq);
  }
}

/** MQTT 5 gives the reason of a refusal as a number. */
function isRefusal(error: unknown): boolean {
  return typeof (error as { code?: unknown }).code === "number";
}
