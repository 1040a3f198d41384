import type { Media } from "../../../contracts/check";
import type { PictureFacts } from "../../../common/picture-facts";

/** What the beginning of a container shows. */
export interface Contents {
  media: Media;
  /** Undefined while that cannot be told. */
  hasVideo?: boolean;
  /** Further bytes would tell nothing more. */
  complete: boolean;
}

/** One format that puts picture and sound into one stream of bytes. Its functions take any bytes and never throw. */
export interface Container {
  readonly name: string;
  /** @param bytes of the beginning, at least 8 where so many came */
  matches(bytes: Buffer): boolean;
  /** @param bytes the beginning as far as it came; cut off anywhere */
  read(bytes: Buffer): Contents;
}

export const UNKNOWN: Contents = { media: {}, complete: true };

/** The facts of a track as a check shows them. */
export function mediaOf(codec: string | undefined, facts: PictureFacts | undefined, fps?: number): Media {
  const rate = facts?.fps ?? (fps !== undefined && fps > 0.01 && fps <= 1000 ? round(fps) : undefined);
  return {
    ...(codec !== undefined && { codec }),
    ...(facts && { width: facts.width, height: facts.height }),
    ...(rate !== undefined && { fps: rate }),
  };
}

/** No facts at all are better left out. */
export function orNothing(media: Media): Media | undefined {
  return Object.keys(media).length === 0 ? undefined : media;
}

/** As many decimals as a rate such as 29.97 needs. */
function round(fps: number): number {
  return Math.round(fps * 100) / 100;
}
