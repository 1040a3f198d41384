import type { Clock } from "../../common/clock";
import type { Logger } from "../../common/logger";
import type { Shares, UptimePush } from "./board-protocol";

const EVERY_MS = 60_000;
/** The answer about more streams is megabytes long, and reading it holds up everything else. */
const MANY_STREAMS = 2000;
const EVERY_MS_OF_MANY = 300_000;
const RETRY_MS = 10_000;
const WINDOWS = ["24h", "7d", "30d"] as const;
export const UPTIME_PARAMETERS = { window: WINDOWS.join(","), by: "stream,group,all" };

type Windows = Partial<Record<(typeof WINDOWS)[number], { uptime?: number | null }>>;
interface UptimeAnswer {
  all?: Windows;
  groups?: ({ group: string | null } & Windows)[];
  streams?: ({ name: string } & Windows)[];
}

export interface BoardUptimeOptions {
  clock: Clock;
  logger: Logger;
  /** @returns the JSON text of the query `uptime` */
  ask: () => Promise<string>;
  keyOf: (name: string) => number | undefined;
  /** How many streams there are. */
  streams: () => number;
  /** Somebody looks. */
  isWanted: () => boolean;
  /** What changed since the last time. */
  onUptime: (push: UptimePush) => void;
}

/** Uptime of all streams, asked for once a minute while somebody looks, and shared by all who do. */
export class BoardUptime {
  private shares = new Map<number, Shares>();
  private all: Shares = [null, null, null];
  private groups: UptimePush["groups"] = [];
  private askedAt = -Infinity;
  private isAsking = false;
  private isKnown = false;
  private timer: unknown;
  private stopped = false;

  constructor(private readonly options: BoardUptimeOptions) {}

  /** Everything that is known; null before the first answer, when a page may know more from before. */
  known(): UptimePush | null {
    if (!this.isKnown) return null;
    return { all: this.all, groups: this.groups, streams: flattened([...this.shares]) };
  }

  stop(): void {
    this.stopped = true;
    this.options.clock.clearTimeout(this.timer);
  }

  /** Somebody looks: what is newer comes soon. */
  wake(): void {
    const { clock, isWanted } = this.options;
    if (this.stopped || this.isAsking || !isWanted()) return;
    clock.clearTimeout(this.timer);
    this.timer = clock.setTimeout(
      () => {
        void this.refresh();
      },
      Math.max(0, this.askedAt + this.everyMs - clock.elapsed()),
    );
  }

  private get everyMs(): number {
    return this.options.streams() > MANY_STREAMS ? EVERY_MS_OF_MANY : EVERY_MS;
  }

  private async refresh(): Promise<void> {
    const { clock, logger, ask, onUptime } = this.options;
    this.isAsking = true;
    this.askedAt = clock.elapsed();
    try {
      onUptime(this.take(JSON.parse(await ask()) as UptimeAnswer));
    } catch (error) {
      logger.warn(`uptime cannot be shown: ${(error as Error).message}`);
      this.askedAt = clock.elapsed() + RETRY_MS - this.everyMs;
    }
    this.isAsking = false;
    this.wake();
  }

  private take({ all = {}, groups = [], streams = [] }: UptimeAnswer): UptimePush {
    const before = this.shares;
    this.isKnown = true;
    this.shares = new Map();
    const changed: [number, Shares][] = [];
    for (const stream of streams) {
      const key = this.options.keyOf(stream.name);
      if (key === undefined) continue;
      const shares = sharesOf(stream);
      const known = before.get(key);
      if (!known || known.some((share, index) => share !== shares[index])) changed.push([key, shares]);
      this.shares.set(key, shares);
    }
    this.all = sharesOf(all);
    this.groups = groups.map((group) => [group.group, group["24h"]?.uptime ?? null]);
    return { all: this.all, groups: this.groups, streams: flattened(changed) };
  }
}

function sharesOf(windows: Windows): Shares {
  return WINDOWS.map((window) => windows[window]?.uptime ?? null) as Shares;
}

function flattened(entries: readonly [number, Shares][]): number[] {
  return entries.flatMap(([key, shares]) => [
    key,
    ...shares.map((share) => (share === null ? -1 : Math.round(share * 1e6))),
  ]);
}
