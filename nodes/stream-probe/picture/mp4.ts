import type { Media } from "../../../contracts/check";
import { plausible } from "../../../common/picture-facts";
import { readConfiguration } from "./annex-b";
import { codecOf } from "./codecs";
import { mediaOf, type Container, type Contents } from "./container";

/** What a file or a segment may begin with (ISO/IEC 14496-12 §6.2, RFC 8216 §3.3). */
const FIRST_BOXES = ["ftyp", "styp", "moov", "moof", "sidx", "emsg", "prft", "free", "skip", "wide", "mdat"];
const MOST_BOXES = 64;
/** Where a visual sample entry says its size, and where the boxes within it begin (ISO/IEC 14496-12 §12.1.3). */
const VISUAL = { width: 32, height: 34, boxes: 86 } as const;

/** MP4 and its fragments (ISO/IEC 14496-12). */
export const mp4: Container = {
  name: "MP4",
  matches: (bytes) => bytes.length >= 8 && FIRST_BOXES.includes(bytes.toString("latin1", 4, 8)),
  read,
};

interface Box {
  type: string;
  payload: Buffer;
  /** All of it is there. */
  whole: boolean;
}

interface Track {
  id: number;
  kind: "video" | "audio" | "other";
  media: Media;
  /** Ticks a second of the track's clock. */
  timescale: number;
}

function read(bytes: Buffer): Contents {
  const top = boxes(bytes);
  const movie = top.find(({ type }) => type === "moov");
  const fragment = top.find(({ type }) => type === "moof");
  // where the pictures come first, the movie's description follows far behind them
  if (!movie) return { media: {}, complete: top.some(({ type }) => type === "mdat" || type === "moof") };
  const tracks = boxes(movie.payload)
    .filter(({ type }) => type === "trak")
    .map(({ payload }) => readTrack(payload));
  const video = tracks.find(({ kind }) => kind === "video");
  const audio = tracks.find(({ kind }) => kind === "audio");
  if (!video) {
    return { media: audio?.media ?? {}, hasVideo: movie.whole ? false : undefined, complete: movie.whole };
  }
  const fragmented = boxes(movie.payload).some(({ type }) => type === "mvex");
  const fps = video.media.fps ?? (fragment && fragmentRate(fragment.payload, video));
  const media = mediaOf(
    video.media.codec,
    plausible(video.media.width ?? 0, video.media.height ?? 0, video.media.fps),
    fps,
  );
  const complete = movie.whole && (!fragmented || fps !== undefined || fragment?.whole === true);
  return { media: { ...media, ...audio?.media }, hasVideo: true, complete };
}

function readTrack(trak: Buffer): Track {
  const track: Track = { id: uint32(child(trak, "tkhd"), 12, 20), kind: "other", media: {}, timescale: 0 };
  const mdia = child(trak, "mdia");
  track.timescale = uint32(child(mdia, "mdhd"), 12, 20);
  const handler = child(mdia, "hdlr").toString("latin1", 8, 12);
  const table = child(child(mdia, "minf"), "stbl");
  const entry = boxes(child(table, "stsd").subarray(8))[0];
  if (handler === "vide") {
    track.kind = "video";
    if (entry) track.media = readVisualEntry(entry, sampleRate(child(table, "stts"), track.timescale));
  } else if (handler === "soun") {
    track.kind = "audio";
    const codec = entry && codecOf(entry.type)?.codec;
    if (codec !== undefined) track.media = { audioCodec: codec };
  }
  return track;
}

function readVisualEntry({ type, payload }: Box, fps: number | undefined): Media {
  // the offsets count from the beginning of the box
  const at = (offset: number) => offset - 8;
  if (payload.length < at(VISUAL.boxes)) return {};
  const inner = boxes(payload.subarray(at(VISUAL.boxes)));
  const original = inner.find((box) => box.type === "sinf");
  const codec = codecOf(original ? child(original.payload, "frma").toString("latin1", 0, 4) : type)?.codec;
  const record = inner.find((box) => box.type === "avcC" || box.type === "hvcC");
  const size = plausible(payload.readUInt16BE(at(VISUAL.width)), payload.readUInt16BE(at(VISUAL.height)));
  const facts = (record && codec && readConfiguration(record.payload, codec)) || size;
  return mediaOf(codec, facts, fps);
}

/** How long most samples last: `stts` counts them by duration (ISO/IEC 14496-12 §8.6.1.2). */
function sampleRate(stts: Buffer, timescale: number): number | undefined {
  let most = 0;
  let ticks = 0;
  for (let at = 8; at + 8 <= stts.length && at < 8 + 8 * 1000; at += 8) {
    const count = stts.readUInt32BE(at);
    if (count > most) [most, ticks] = [count, stts.readUInt32BE(at + 4)];
  }
  return ticks > 0 && timescale > 0 ? timescale / ticks : undefined;
}

/** From the duration of a fragment's first sample (ISO/IEC 14496-12 §8.8.7, §8.8.8). */
function fragmentRate(moof: Buffer, video: Track): number | undefined {
  for (const { type, payload } of boxes(moof)) {
    const header = type === "traf" ? child(payload, "tfhd") : Buffer.alloc(0);
    if (header.length < 8 || header.readUInt32BE(4) !== video.id) continue;
    const flags = header.readUInt32BE(0) & 0xffffff;
    const durationAt = 8 + (flags & 0x01 ? 8 : 0) + (flags & 0x02 ? 4 : 0);
    const run = child(payload, "trun");
    const runFlags = run.length >= 8 ? run.readUInt32BE(0) & 0xffffff : 0;
    const sampleAt = 8 + (runFlags & 0x01 ? 4 : 0) + (runFlags & 0x04 ? 4 : 0);
    let ticks = 0;
    if (runFlags & 0x100 && run.length >= sampleAt + 4) ticks = run.readUInt32BE(sampleAt);
    else if (flags & 0x08 && header.length >= durationAt + 4) ticks = header.readUInt32BE(durationAt);
    if (ticks > 0 && video.timescale > 0) return video.timescale / ticks;
  }
  return undefined;
}

/** The boxes one behind the other; the last one may be cut off. */
function boxes(bytes: Buffer): Box[] {
  const found: Box[] = [];
  for (let at = 0; at + 8 <= bytes.length && found.length < MOST_BOXES;) {
    let size = bytes.readUInt32BE(at);
    let head = 8;
    if (size === 1 && at + 16 <= bytes.length) {
      size = Number(bytes.readBigUInt64BE(at + 8));
      head = 16;
    }
    if (size === 0) size = bytes.length - at;
    if (size < head) break;
    const payload = bytes.subarray(at + head, Math.min(bytes.length, at + size));
    found.push({ type: bytes.toString("latin1", at + 4, at + 8), payload, whole: at + size <= bytes.length });
    at += size;
  }
  return found;
}

function child(bytes: Buffer, type: string): Buffer {
  return boxes(bytes).find((box) => box.type === type)?.payload ?? Buffer.alloc(0);
}

/** A field of a full box, whose place hangs on whether its version has long times. */
function uint32(payload: Buffer, shortAt: number, longAt: number): number {
  const at = payload[0] === 1 ? longAt : shortAt;
  return payload.length >= at + 4 ? payload.readUInt32BE(at) : 0;
}
