import type { Clock } from "../../common/clock";

/** Whoever watches says so again within this time; from who does not, nothing is heard any more. */
export const WATCH_MS = 5 * 60_000;

/**
 * How many pictures may be fetched from one host at once: a camera has few places for viewers, and people want them.
 * Their own viewing counts, and is never refused.
 */
export class MediaSessions {
  private readonly taken = new Map<string, number>();
  /** By stream. */
  private readonly watched = new Map<string, { host: string; timer: unknown }>();

  constructor(
    private readonly clock: Clock,
    private mostPerHost = 2,
  ) {}

  change(mostPerHost: number): void {
    this.mostPerHost = mostPerHost;
  }

  /** @returns false when the host has no place left */
  take(host: string): boolean {
    if ((this.taken.get(host) ?? 0) >= this.mostPerHost) return false;
    this.add(host, 1);
    return true;
  }

  release(host: string): void {
    this.add(host, -1);
  }

  /** Somebody watches this stream, or still does. */
  watch(stream: string, host: string): void {
    this.unwatch(stream);
    this.add(host, 1);
    const timer = this.clock.setTimeout(() => this.unwatch(stream), WATCH_MS);
    this.watched.set(stream, { host, timer });
  }

  unwatch(stream: string): void {
    const session = this.watched.get(stream);
    if (!session) return;
    this.watched.delete(stream);
    this.clock.clearTimeout(session.timer);
    this.add(session.host, -1);
  }

  /** Somebody watches a stream of this host: that may take minutes. */
  isWatched(host: string): boolean {
    for (const session of this.watched.values()) if (session.host === host) return true;
    return false;
  }

  /** Sessions of streams that are gone end. */
  keepOnly(streams: { has(stream: string): boolean }): void {
    for (const stream of this.watched.keys()) if (!streams.has(stream)) this.unwatch(stream);
  }

  stop(): void {
    for (const stream of this.watched.keys()) this.unwatch(stream);
  }

  private add(host: string, places: 1 | -1): void {
    const taken = (this.taken.get(host) ?? 0) + places;
    if (taken > 0) this.taken.set(host, taken);
    else this.taken.delete(host);
  }
}
