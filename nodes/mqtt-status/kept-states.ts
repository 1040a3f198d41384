import type { Clock } from "../../common/clock";
import type { IncomingMessage, Link } from "./link";
import { isSlug, streamTopic, type Topics } from "./topics";

export interface KeptStatesOptions {
  clock: Clock;
  topics: Topics;
  installation: string;
  /** What is there: the ids of our streams by slug. */
  onRead: (found: ReadonlyMap<string, number>) => void;
  /** Another installation publishes below the same topic. */
  onStranger: () => void;
}

/** Kept states come right after the subscription; so long after the last one there are no more. */
const QUIET_MS = 400;
/** 10,000 states on a line of 20 kB a second. */
const LONGEST_READ_MS = 300_000;
/** Beyond what mosquitto lets wait for a client, unless it is set otherwise, it drops kept states like any others. */
const MOST_QUEUED = 1000;
/** Half of what may come before the broker is taken for a hostile one. */
const MOST_READ = 100_000;

interface Reading {
  link: Link;
  found: Map<string, number>;
  begunAt: number;
  timer: unknown;
  /** States that came. */
  read: number;
  /** The same two numbers when the last subscription began. */
  before: { read: number; found: number };
}

/**
 * Reads what a run before has left at the broker, once a connection. Where some of it may have been dropped on the way
 * it is asked for again, until nothing new comes.
 */
export class KeptStates {
  private readonly filter: string;
  private reading?: Reading;

  constructor(private readonly options: KeptStatesOptions) {
    this.filter = streamTopic(options.topics, "+", "state");
  }

  async read(link: Link): Promise<void> {
    const begunAt = this.options.clock.elapsed();
    const before = { read: 0, found: 0 };
    this.reading = { link, found: new Map(), begunAt, timer: undefined, read: 0, before };
    await this.subscribe(this.reading);
  }

  stop(): void {
    this.options.clock.clearTimeout(this.reading?.timer);
    this.reading = undefined;
  }

  /** @returns true for a state */
  receive({ topic, payload, retained }: IncomingMessage): boolean {
    const slug = this.slugIn(topic);
    if (slug === undefined) return false;
    const { reading } = this;
    if (!reading || !retained || reading.read >= MOST_READ) return true;
    reading.read++;
    const state = readState(payload);
    if (state?.installation === this.options.installation) reading.found.set(slug, state.id);
    else if (state) this.options.onStranger();
    this.waitForQuiet();
    return true;
  }

  private async subscribe(reading: Reading): Promise<void> {
    // who may not read finds nothing, and publishes all the same
    await reading.link.subscribe([this.filter]).catch(() => {});
    if (this.reading === reading) this.waitForQuiet();
  }

  private waitForQuiet(): void {
    const { clock } = this.options;
    const { reading } = this;
    if (!reading) return;
    const leftMs = reading.begunAt + LONGEST_READ_MS - clock.elapsed();
    clock.clearTimeout(reading.timer);
    reading.timer = clock.setTimeout(() => void this.end(), Math.max(0, Math.min(QUIET_MS, leftMs)));
  }

  private async end(): Promise<void> {
    const { reading } = this;
    if (!reading) return;
    if (this.mayLackSome(reading)) {
      reading.before = { read: reading.read, found: reading.found.size };
      return this.subscribe(reading);
    }
    // otherwise everything that we publish comes back
    await reading.link.unsubscribe([this.filter]).catch(() => {});
    if (this.reading !== reading) return;
    this.reading = undefined;
    this.options.onRead(reading.found);
  }

  private mayLackSome({ read, found, before, begunAt }: Reading): boolean {
    const came = read - before.read;
    const isLate = this.options.clock.elapsed() - begunAt >= LONGEST_READ_MS;
    return came >= MOST_QUEUED && found.size > before.found && read + came <= MOST_READ && !isLate;
  }

  private slugIn(topic: string): string | undefined {
    const [before = "", after = ""] = this.filter.split("+");
    if (!topic.startsWith(before) || !topic.endsWith(after)) return undefined;
    const slug = topic.slice(before.length, -after.length);
    return isSlug(slug) ? slug : undefined;
  }
}

/** As much of a kept state as tells whose it is. */
function readState(payload: Buffer): { id: number; installation: string } | undefined {
  try {
    const { id, installation } = JSON.parse(payload.toString()) as Record<string, unknown>;
    return Number.isSafeInteger(id) && typeof installation === "string"
      ? { id: id as number, installation }
      : undefined;
  } catch {
    return undefined;
  }
}
