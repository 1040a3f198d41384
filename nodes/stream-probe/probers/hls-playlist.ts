import { codecOf } from "../picture/codecs";
import type { Media } from "../../../contracts/check";

/** A longer line is no address that anybody could open. */
export const MOST_LINE_CHARACTERS = 16 * 1024;

/** A media segment, or what stands for one. */
export interface Segment {
  uri: string;
  /** `EXT-X-BYTERANGE` */
  range?: ByteRange;
  /** `EXT-X-MAP`: what a player must read before it. */
  init?: { uri: string; range?: ByteRange };
  /** `EXT-X-KEY` with another method than NONE: its bytes cannot be looked into. */
  encrypted: boolean;
}

export interface ByteRange {
  from: number;
  length: number;
}

export interface Variant {
  uri: string;
  media: Media;
}

/**
 * Reads a playlist (RFC 8216 §4) line by line and keeps only what a probe needs: of a master playlist the first variant
 * with video, of a media playlist the newest segment.
 */
export class HlsPlaylist {
  /** Variants so far; one is enough to call it a master playlist. */
  variants = 0;
  firstVideo?: Variant;
  segments = 0;
  newest?: Segment;
  targetSeconds = 0;
  /** `EXT-X-MEDIA-SEQUENCE`: the number of the first segment. */
  sequence?: number;
  ended = false;
  /** `EXT-X-PLAYLIST-TYPE:VOD`: a recording, which is complete by its nature. */
  recording = false;

  private variant?: Record<string, string>;
  private range?: string;
  private init?: Segment["init"];
  private encrypted = false;
  private gap = false;
  private lastRange?: { uri: string; end: number };

  /** @param line without its end */
  add(line: string): void {
    const text = line.trim();
    if (text === "") return;
    if (!text.startsWith("#")) return this.addUri(text);
    const [tag = "", value = ""] = splitOnce(text, ":");
    switch (tag.toUpperCase()) {
      case "#EXT-X-STREAM-INF":
        this.variant = attributes(value);
        break;
      case "#EXT-X-TARGETDURATION":
        this.targetSeconds = Math.min(Number(/^[\d.]{1,10}/.exec(value)?.[0] ?? 0) || 0, 3600);
        break;
      case "#EXT-X-MEDIA-SEQUENCE":
        this.sequence = /^\d{1,15}$/.test(value.trim()) ? Number(value) : undefined;
        break;
      case "#EXT-X-BYTERANGE":
        this.range = value;
        break;
      case "#EXT-X-MAP":
        this.init = initOf(attributes(value));
        break;
      case "#EXT-X-KEY":
        this.encrypted = (attributes(value).METHOD ?? "NONE").toUpperCase() !== "NONE";
        break;
      case "#EXT-X-GAP":
        this.gap = true;
        break;
      case "#EXT-X-ENDLIST":
        this.ended = true;
        break;
      case "#EXT-X-PLAYLIST-TYPE":
        this.recording = /^vod\b/i.test(value.trim());
        break;
    }
  }

  /** The same as long as the playlist does not move on. */
  get position(): string {
    const uri = this.newest?.uri ?? "";
    // without numbers the address alone tells; with them, what a server adds to it for each viewer must not
    return this.sequence === undefined
      ? `${this.segments} ${uri}`
      : `${this.sequence} ${this.segments} ${uri.replace(/[?#].*$/s, "")}`;
  }

  private addUri(uri: string): void {
    if (this.variant) {
      this.addVariant(uri, this.variant);
      this.variant = undefined;
      return;
    }
    const range = this.range === undefined ? undefined : this.rangeOf(uri, this.range);
    this.range = undefined;
    this.segments++;
    // RFC 8216bis §4.4.4.7: the packager has nothing for this time, and says so
    if (!this.gap) this.newest = { uri, range, init: this.init, encrypted: this.encrypted };
    this.gap = false;
  }

  private addVariant(uri: string, given: Record<string, string>): void {
    this.variants++;
    if (this.firstVideo) return;
    const codecs = (given.CODECS ?? "").split(",", 20).map((code) => codecOf(code.trim()));
    const video = codecs.find((codec) => codec?.kind === "video");
    const audio = codecs.find((codec) => codec?.kind === "audio");
    const size = /^(\d{1,5})x(\d{1,5})$/i.exec(given.RESOLUTION ?? "");
    // a name that we do not know may be video; sound alone is when all that is named is sound
    if (!video && !size && codecs.every((codec) => codec?.kind === "audio")) return;
    const fps = Number(given["FRAME-RATE"]);
    const bitrate = Number(given.BANDWIDTH);
    this.firstVideo = {
      uri,
      media: {
        ...(video && { codec: video.codec }),
        ...(size && { width: Number(size[1]), height: Number(size[2]) }),
        ...(fps > 0 && fps <= 1000 && { fps: Math.round(fps * 100) / 100 }),
        ...(Number.isSafeInteger(bitrate) && bitrate > 0 && { bitrate }),
        ...(audio && { audioCodec: audio.codec }),
      },
    };
  }

  /** RFC 8216 §4.3.2.2: without a place it goes on where the segment before ended. */
  private rangeOf(uri: string, text: string): ByteRange | undefined {
    const range = parseRange(text, this.lastRange?.uri === uri ? this.lastRange.end : 0);
    this.lastRange = range && { uri, end: range.from + range.length };
    return range;
  }
}

function initOf(given: Record<string, string>): Segment["init"] {
  if (given.URI === undefined) return undefined;
  return {
    uri: given.URI,
    range: given.BYTERANGE === undefined ? undefined : parseRange(given.BYTERANGE, 0),
  };
}

/** `<length>[@<from>]` */
function parseRange(text: string, from: number): ByteRange | undefined {
  const match = /^(\d{1,15})(?:@(\d{1,15}))?$/.exec(text.trim());
  if (!match || match[1] === undefined || Number(match[1]) === 0) return undefined;
  return { length: Number(match[1]), from: match[2] === undefined ? from : Number(match[2]) };
}

/** RFC 8216 §4.2: names in capitals, values that may be quoted and then hold commas. */
function attributes(text: string): Record<string, string> {
  const found: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [, name, quoted, plain] of text.matchAll(/([A-Za-z0-9-]+)\s*=\s*(?:"([^"]*)"|([^",]*))/g)) {
    found[(name as string).toUpperCase()] ??= (quoted ?? plain ?? "").trim();
  }
  return found;
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
