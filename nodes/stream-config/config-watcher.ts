import { stat } from "node:fs/promises";
import type { Clock } from "../../common/clock";
import { errorCode } from "./read-config-file";

export interface ConfigWatcherOptions {
  file: string;
  clock: Clock;
  onChange(): void;
  /** How often to look. */
  pollMs?: number;
}

/**
 * Tells when a file has changed: edited, replaced, deleted, come back, or reached through a link that points elsewhere.
 * It looks instead of being told, because inotify misses the changes of network and Docker mounts and loses a file
 * that an editor replaces.
 */
export class ConfigWatcher {
  private readonly pollMs: number;
  private timer: unknown;
  private stopped = true;
  private known = "";
  private seen = "";

  constructor(private readonly options: ConfigWatcherOptions) {
    this.pollMs = options.pollMs ?? 250;
  }

  /** @param known the file as its reader knows it, taken before it was read */
  start(known: string): void {
    this.stopped = false;
    this.known = this.seen = known;
    this.lookLater();
  }

  stop(): void {
    this.stopped = true;
    this.options.clock.clearTimeout(this.timer);
  }

  private lookLater(): void {
    this.timer = this.options.clock.setTimeout(() => void this.look(), this.pollMs);
  }

  private async look(): Promise<void> {
    const now = await fileSignature(this.options.file);
    if (this.stopped) return;
    // a file that is being written differs from look to look: half of it must not be read
    const still = now === this.seen;
    this.seen = now;
    if (still && now !== this.known) {
      this.known = now;
      this.options.onChange();
    }
    this.lookLater();
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
