import type { PictureFacts } from "../../../common/picture-facts";
import { readConfiguration } from "./annex-b";
import { codecOf } from "./codecs";
import { mediaOf, type Container, type Contents } from "./container";

const MOST_TAGS = 512;

/** Codec ids of FLV; 12 is what Chinese cameras and CDNs send H.265 with. */
const VIDEO_CODECS: Record<number, string> = { 2: "h263", 4: "vp6", 7: "h264", 12: "h265" };
const AUDIO_CODECS: Record<number, string> = { 2: "mp3", 7: "pcma", 8: "pcmu", 10: "aac", 11: "speex" };

/** FLV (Adobe Flash Video File Format 10.1), with the four-character codes of Enhanced RTMP. */
export const flv: Container = {
  name: "FLV",
  matches: (bytes) => bytes.toString("latin1", 0, 3) === "FLV",
  read,
};

function read(bytes: Buffer): Contents {
  if (bytes.length < 9) return { media: {}, complete: false };
  const promised = (bytes[4] as number) & 1;
  let codec: string | undefined;
  let facts: PictureFacts | undefined;
  let audioCodec: string | undefined;
  let keyframe = false;
  let audioTags = 0;
  let at = bytes.readUInt32BE(5) + 4;
  for (let tags = 0; at + 11 < bytes.length && tags < MOST_TAGS; tags++) {
    const type = (bytes[at] as number) & 31;
    const length = bytes.readUIntBE(at + 1, 3);
    const data = bytes.subarray(at + 11, at + 11 + length);
    if (type === 9 && data.length >= 5) {
      const tag = readVideo(data);
      codec ??= tag.codec;
      facts ??= tag.facts;
      keyframe ||= tag.keyframe;
    } else if (type === 8) {
      audioTags++;
      audioCodec ??= AUDIO_CODECS[(data[0] ?? 0) >> 4];
    }
    at += 11 + length + 4;
  }
  const media = {
    ...mediaOf(codec, facts),
    ...(audioCodec !== undefined && { audioCodec }),
    ...(keyframe && { keyframe }),
  };
  // the flags of the header are often wrong: tags have the last word
  const silent = !promised && audioTags > 20;
  return {
    media,
    hasVideo: codec !== undefined ? true : silent ? false : undefined,
    complete: facts !== undefined || silent,
  };
}

function readVideo(data: Buffer): { codec?: string; facts?: PictureFacts; keyframe: boolean } {
  const first = data[0] as number;
  const keyframe = ((first >> 4) & 7) === 1;
  const enhanced = (first & 0x80) !== 0;
  const codec = enhanced ? codecOf(data.toString("latin1", 1, 5))?.codec : VIDEO_CODECS[first & 15];
  // packet type 0: the decoder's configuration
  const configures = enhanced ? (first & 15) === 0 : data[1] === 0;
  return {
    codec,
    facts: codec && configures ? readConfiguration(data.subarray(5), codec) : undefined,
    keyframe,
  };
}
