import type { Reason } from "../../../contracts/reasons";

/** The size in which a picture is judged: a clock's digits can still be told, and 1,000 streams keep 14 MB. */
export const PICTURE = { width: 160, height: 90 } as const;

/** So many pictures in a row must be the same. */
export const FROZEN_PICTURES = 3;
/** After a bad picture, and after one that could not be had, another is taken this soon. */
const AGAIN_MS = 60_000;

/** The picture's upper and lower edge, where cameras write the time and their name, in rows. */
const EDGE_ROWS = Math.round(PICTURE.height * 0.15);
/**
 * Black is what a capped lens or an encoder without input gives, from 0 to 255. At night a camera shows noise, lamps or
 * infrared light, and is brighter or more restless than this.
 */
const BLACK = { mostMean: 4, mostDeviation: 1.5, brightest: 16 };
/**
 * Two live pictures of the quietest scene still differ by noise in more places than this, and by a clock in it in more
 * depth. The same picture, encoded once more, differs by less.
 */
const SAME = { mostDifference: 2, mostDifferentShare: 0.02 };

export interface BadPicture {
  reason: Extract<Reason, "black" | "frozen">;
  message: string;
}

/** Decides when a stream's picture is taken, and what the pictures say. */
export class PictureWatch {
  /** What the last picture showed, if something bad. */
  bad?: BadPicture;
  private nextAt?: number;
  private last?: Buffer;
  /** Pictures in a row that were the same. */
  private same = 1;

  /**
   * @param intervalMs between two pictures
   * @param phase 0 to 1: the first one comes after this part of the interval, so that not all streams come at once, and
   *   never with the stream's first check, which tells whether it is there at all
   */
  constructor(
    readonly intervalMs: number,
    private readonly phase: number,
  ) {}

  /**
   * @param now on the clock that never jumps
   * @param unconfirmed something bad was seen a moment ago and waits for confirmation
   */
  isDue(now: number, unconfirmed: boolean): boolean {
    this.nextAt ??= now + Math.max(this.phase * this.intervalMs, Math.min(this.intervalMs, AGAIN_MS));
    return now >= this.nextAt || (unconfirmed && this.bad !== undefined);
  }

  /** @param picture `PICTURE.width` × `PICTURE.height` bytes, 0 to 255 */
  judge(picture: Buffer, now: number): void {
    this.same = this.last && isSame(this.last, picture) ? this.same + 1 : 1;
    this.last = picture;
    this.bad = this.verdict(picture);
    this.nextAt = now + (this.bad ? Math.min(this.intervalMs, AGAIN_MS) : this.intervalMs);
  }

  /** No picture could be had: what was known stays. */
  missed(now: number): void {
    this.nextAt = now + Math.min(this.intervalMs, AGAIN_MS);
  }

  private verdict(picture: Buffer): BadPicture | undefined {
    const brightness = measureMiddle(picture);
    if (isBlack(brightness)) {
      return {
        reason: "black",
        message: `picture is black (brightness ${brightness.mean.toFixed(1)} of 255)`,
      };
    }
    if (this.same < FROZEN_PICTURES) return undefined;
    return { reason: "frozen", message: `picture is frozen (${this.same} pictures in a row are the same)` };
  }
}

interface Brightness {
  mean: number;
  deviation: number;
  brightest: number;
}

function isBlack({ mean, deviation, brightest }: Brightness): boolean {
  return mean <= BLACK.mostMean && deviation <= BLACK.mostDeviation && brightest <= BLACK.brightest;
}

function measureMiddle(picture: Buffer): Brightness {
  const middle = picture.subarray(EDGE_ROWS * PICTURE.width, (PICTURE.height - EDGE_ROWS) * PICTURE.width);
  let sum = 0;
  let squares = 0;
  let brightest = 0;
  for (const value of middle) {
    sum += value;
    squares += value * value;
    if (value > brightest) brightest = value;
  }
  const mean = sum / middle.length;
  return { mean, deviation: Math.sqrt(Math.max(0, squares / middle.length - mean * mean)), brightest };
}

function isSame(before: Buffer, after: Buffer): boolean {
  let different = 0;
  for (let i = 0; i < after.length; i++) {
    const difference = Math.abs((before[i] ?? 0) - (after[i] ?? 0));
    if (difference > SAME.mostDifference) return false;
    if (difference > 0) different++;
  }
  return different <= after.length * SAME.mostDifferentShare;
}
