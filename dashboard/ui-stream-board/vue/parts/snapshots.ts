import { inject, type InjectionKey } from "vue";

const FRESH_MS = 60_000;
/** Between two of them, so that a page of thumbnails is no storm of connections. */
const PAUSE_MS = 400;
/** A stream without a picture is asked again only so much later. */
const RETRY_MS = 120_000;
const MOST_KEPT = 500;

interface Wanted {
  key: number;
  name: string;
  show: (url: string) => void;
}

interface Kept {
  url: string | undefined;
  /** Not before, in the time of `performance.now()`. */
  againAt: number;
}

/** Fetches the pictures of the streams on the screen, one after the other, and each again after a minute. */
export class Snapshots {
  private readonly wanted = new Set<Wanted>();
  private readonly kept = new Map<number, Kept>();
  private isRunning = false;
  private isStopped = false;
  private timer = 0;

  /** @param urlOf the address of a stream's picture */
  constructor(private readonly urlOf: (name: string) => string) {}

  known(key: number): string | undefined {
    return this.kept.get(key)?.url;
  }

  /** @returns ends it: the stream is no longer on the screen */
  want(key: number, name: string, show: (url: string) => void): () => void {
    const entry = { key, name, show };
    this.wanted.add(entry);
    this.run();
    return () => this.wanted.delete(entry);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.isStopped = true;
    for (const { url } of this.kept.values()) if (url) URL.revokeObjectURL(url);
  }

  private run(): void {
    if (this.isRunning || this.isStopped) return;
    clearTimeout(this.timer);
    const now = performance.now();
    const dueAt = (entry: Wanted) => this.kept.get(entry.key)?.againAt ?? 0;
    const next = [...this.wanted].sort((one, other) => dueAt(one) - dueAt(other))[0];
    if (!next) return;
    const waitMs = document.hidden ? FRESH_MS : Math.max(PAUSE_MS, dueAt(next) - now);
    this.timer = window.setTimeout(() => void this.load(next), waitMs);
  }

  private async load({ key, name }: Wanted): Promise<void> {
    this.isRunning = true;
    const kept: Kept = { url: this.known(key), againAt: performance.now() + RETRY_MS };
    try {
      const response = await fetch(this.urlOf(name));
      if (response.ok) {
        if (kept.url) URL.revokeObjectURL(kept.url);
        kept.url = URL.createObjectURL(await response.blob());
        kept.againAt = performance.now() + FRESH_MS;
      }
    } catch {
      // not connected: later
    }
    this.keep(key, kept);
    this.isRunning = false;
    this.run();
  }

  private keep(key: number, kept: Kept): void {
    this.kept.delete(key);
    this.kept.set(key, kept);
    for (const entry of this.wanted) if (entry.key === key && kept.url) entry.show(kept.url);
    const shown = new Set([...this.wanted].map((entry) => entry.key));
    for (const [old, { url }] of this.kept) {
      if (this.kept.size <= MOST_KEPT) break;
      if (shown.has(old)) continue;
      if (url) URL.revokeObjectURL(url);
      this.kept.delete(old);
    }
  }
}

export const SNAPSHOTS: InjectionKey<Snapshots> = Symbol("snapshots");

export function useSnapshots(): Snapshots {
  return inject(SNAPSHOTS) as Snapshots;
}
