import { stat } from "node:fs/promises";
import type { Clock } from "../../common/clock";
import { errorCode } from "./read-config-file";

export interface ConfigWatcherOptions {
  file: string;
  clock: Clock;
  onChange(): void;
  /** How often to look. */
  pollMs?: number;
  /** How long the file must be still before a change counts, so that no half-written file is read. */
  stillMs?: number;
}

/**
 * Tells when a file has changed: edited, replaced, deleted, come back, or reached through a link that points elsewhere.
 * It looks instead of being told, because inotify misses the changes of network and Docker mounts and loses a file
 * that an editor replaces.
 */
export class ConfigWatcher {
  private readonly pollMs: number;
  private readonly stillMs: number;
  private timer: unknown;
  private stopped = true;
  private known = "";
  private seen = "";

  constructor(private readonly options: ConfigWatcherOptions) {
    this.pollMs = options.pollMs ?? 500;
    this.stillMs = options.stillMs ?? 250;
  }

  /** @param known the file as its reader knows it, taken before it was read */
  start(known: string): void {
    this.stopped = false;
    this.known = this.seen = known;
    this.lookIn(this.pollMs);
  }

  stop(): void {
    this.stopped = true;
    this.options.clock.clearTimeout(this.timer);
  }

  private lookIn(delayMs: number): void {
    this.timer = this.options.clock.setTimeout(() => void this.look(), delayMs);
  }

  private async look(): Promise<void> {
    const now = await fileSignature(this.options.file);
    if (this.stopped) return;
    const still = now === this.seen;
    this.seen = now;
    if (still && now !== this.known) {
      this.known = now;
      this.options.onChange();
    }
    this.lookIn(this.seen === this.known ? this.pollMs : this.stillMs);
  }
}

/** Changes with the file that a path leads to, through links. Never throws. */
export async function fileSignature(file: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(" ");
  } catch (error) {
    return errorCode(error);
  }
}
