import type { Clock } from "../../common/clock";
import type { Viewer } from "./channel";
import type { Picture } from "./picture";
import { knownRefusal, Refusal } from "./refusal";
import type { WatchedStream } from "./watched-stream";

/** As old a picture may be as nobody says otherwise. */
const FRESH_MS = 5000;
/** One that is so small is an ornament, and may be older. */
export const THUMBNAIL_WIDTH = 320;
const FRESH_THUMBNAIL_MS = 30_000;
/** No camera is asked twice for one page. */
const FIRST_PICTURE_MS = 14_000;
const MOST_KEPT_BYTES = 32 * 1024 * 1024;
const LONGEST_KEPT_MS = 3_600_000;
/** Other widths become the next larger one of these, so that only so many are made of a picture. */
const WIDTHS = [160, 320, 480, 640, 960, 1280] as const;

export interface SnapshotWish {
  /** At most so many pixels wide; undefined: as it comes. */
  width?: number;
  /** Undefined: what is usual for its width. */
  mostAgeMs?: number;
}

/** What snapshots need of everybody who looks. */
export interface Watching {
  latest(name: string): Picture | undefined;
  watch(stream: WatchedStream, viewer: Viewer): () => void;
}

interface Kept {
  account: string;
  picture: Picture;
  /** By width. */
  smaller: Map<number, Promise<Buffer>>;
}

/** Single pictures: taken once however many ask, kept for a while, and made smaller. */
export class Snapshots {
  /** The one that was taken last stands last. */
  private readonly kept = new Map<string, Kept>();
  private keptBytes = 0;
  private readonly beingTaken = new Map<string, Promise<Picture | Refusal>>();

  constructor(
    private readonly clock: Clock,
    private readonly watching: Watching,
    private readonly resize: (jpeg: Buffer, width: number) => Promise<Buffer>,
  ) {}

  async get(stream: WatchedStream, { width, mostAgeMs }: SnapshotWish): Promise<Buffer | Refusal> {
    const fits = WIDTHS.find((known) => width !== undefined && known >= width);
    const picture = await this.picture(stream, mostAgeMs ?? usualAgeMs(stream, fits));
    if (picture instanceof Refusal || fits === undefined) {
      return picture instanceof Refusal ? picture : picture.jpeg;
    }
    const kept = this.keep(stream, picture);
    const known = kept.smaller.get(fits);
    if (known) return known;
    const smaller = this.resize(picture.jpeg, fits);
    kept.smaller.set(fits, smaller);
    return smaller;
  }

  /** A picture that came from elsewhere. */
  put(stream: WatchedStream, jpeg: Buffer): void {
    this.keep(stream, { jpeg, at: this.clock.elapsed() });
  }

  /** Pictures of streams that are gone, or now have another source, are forgotten. */
  keepOnly(streams: ReadonlyMap<string, WatchedStream>): void {
    for (const [name, { account }] of this.kept) {
      if (streams.get(name)?.account !== account) this.drop(name);
    }
  }

  private async picture(stream: WatchedStream, mostAgeMs: number): Promise<Picture | Refusal> {
    const { name, enabled, state, reason, account } = stream;
    const kept = this.kept.get(name);
    const newest = this.watching.latest(name) ?? (kept?.account === account ? kept.picture : undefined);
    if (newest && this.clock.elapsed() - newest.at <= mostAgeMs) return newest;
    if (!enabled)
      return new Refusal(409, "paused", `${JSON.stringify(name)} is switched off (enabled: false).`);
    // nobody waits for a camera that is known to give nothing
    if (state === "down" && reason) return knownRefusal(reason);
    let taking = this.beingTaken.get(name);
    if (!taking) {
      taking = this.take(stream).finally(() => this.beingTaken.delete(name));
      this.beingTaken.set(name, taking);
    }
    return taking;
  }

  private async take(stream: WatchedStream): Promise<Picture | Refusal> {
    let leave: (() => void) | undefined;
    let timer: unknown;
    const taken = await new Promise<Picture | Refusal>((resolve) => {
      timer = this.clock.setTimeout(() => {
        const seconds = FIRST_PICTURE_MS / 1000;
        resolve(new Refusal(504, "timeout", `The camera gave no picture within ${seconds} s.`));
      }, FIRST_PICTURE_MS);
      leave = this.watching.watch(stream, { purpose: "snapshot", show: resolve, end: resolve });
    });
    this.clock.clearTimeout(timer);
    leave?.();
    if (!(taken instanceof Refusal)) this.keep(stream, taken);
    return taken;
  }

  private keep({ name, account }: WatchedStream, picture: Picture): Kept {
    const known = this.kept.get(name);
    if (known?.picture === picture && known.account === account) return known;
    this.drop(name);
    const kept: Kept = { account, picture, smaller: new Map() };
    this.kept.set(name, kept);
    this.keptBytes += picture.jpeg.length;
    for (const [oldest, { picture: old }] of this.kept) {
      const isOld = this.clock.elapsed() - old.at > LONGEST_KEPT_MS;
      if (oldest === name || (this.keptBytes <= MOST_KEPT_BYTES && !isOld)) break;
      this.drop(oldest);
    }
    return kept;
  }

  private drop(name: string): void {
    const kept = this.kept.get(name);
    if (!kept) return;
    this.kept.delete(name);
    this.keptBytes -= kept.picture.jpeg.length;
  }
}

function usualAgeMs({ pictureMinutes }: WatchedStream, width: number | undefined): number {
  if (width === undefined || width > THUMBNAIL_WIDTH) return FRESH_MS;
  // the probe hands over each picture that it looks at
  return pictureMinutes > 0 ? pictureMinutes * 60_000 : FRESH_THUMBNAIL_MS;
}
