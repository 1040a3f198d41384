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
const LONGEST_READ_MS = 10_000;
const MOST_FOUND = 100_000;

/** Reads what a run before has left at the broker, once a connection. */
export class KeptStates {
  private readonly filter: string;
  private reading?: { link: Link; found: Map<string, number>; begunAt: number; timer: unknown };

  constructor(private readonly options: KeptStatesOptions) {
    this.filter = streamTopic(options.topics, "+", "state");
  }

  async read(link: Link): Promise<void> {
    const reading = { link, found: new Map(), begunAt: this.options.clock.elapsed(), timer: undefined };
    this.reading = reading;
    // who may not read finds nothing, and publishes all the same
    await link.subscribe([this.filter]).catch(() => {});
    if (this.reading === reading) this.waitForQuiet();
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
    if (!reading || !retained || reading.found.size >= MOST_FOUND) return true;
    const state = readState(payload);
    if (state?.installation === this.options.installation) reading.found.set(slug, state.id);
    else if (state) this.options.onStranger();
    this.waitForQuiet();
    return true;
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
    // otherwise everything that we publish comes back
    await reading.link.unsubscribe([this.filter]).catch(() => {});
    if (this.reading !== reading) return;
    this.reading = undefined;
    this.options.onRead(reading.found);
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
