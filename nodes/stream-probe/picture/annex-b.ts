import type { PictureFacts } from "../../../common/picture-facts";
import { H264, parseH264Sps } from "./h264";
import { H265, h265Type, parseH265Sps } from "./h265";

export interface ElementaryFacts {
  facts?: PictureFacts;
  keyframe: boolean;
}

/** More units are not looked at: a parameter set stands before its pictures. */
const MOST_UNITS = 4096;

/**
 * Reads the parameter set out of H.264 or H.265 as a byte stream (Annex B of either): units behind start codes 00 00 01.
 * A unit at the end may be cut off, so only those that another one follows count.
 */
export function readAnnexB(bytes: Buffer, codec: "h264" | "h265"): ElementaryFacts {
  const found: ElementaryFacts = { keyframe: false };
  let start = startCode(bytes, 0);
  for (let units = 0; start >= 0 && units < MOST_UNITS && !(found.facts && found.keyframe); units++) {
    const next = startCode(bytes, start + 3);
    const nal = bytes.subarray(start + 3, next < 0 ? bytes.length : next);
    const header = nal[0] ?? 0;
    if (codec === "h264") {
      const type = header & 31;
      if (type === H264.IDR) found.keyframe = true;
      if (type === H264.SPS && next >= 0) found.facts ??= parseH264Sps(nal);
    } else {
      const type = h265Type(header);
      if (type >= H265.FIRST_IRAP && type <= H265.LAST_IRAP) found.keyframe = true;
      if (type === H265.SPS && next >= 0) found.facts ??= parseH265Sps(nal);
    }
    start = next;
  }
  return found;
}

/** The beginning of a raw byte stream: which codec it is. */
export function annexBCodec(bytes: Buffer): "h264" | "h265" | undefined {
  const code = startCode(bytes, 0);
  if (code !== 0 && code !== 1) return undefined;
  const header = bytes[code + 3] ?? 0xff;
  // access unit delimiter or parameter set (H.264 table 7-1); VPS, SPS, PPS or delimiter (H.265 table 7-1)
  if ([0x09, 0x67, 0x47, 0x27].includes(header)) return "h264";
  return [0x40, 0x42, 0x44, 0x46].includes(header) && bytes[code + 4] === 0x01 ? "h265" : undefined;
}

function startCode(bytes: Buffer, from: number): number {
  return bytes.indexOf("\0\0\u0001", from, "latin1");
}

/** The parameter set within a decoder configuration record (ISO/IEC 14496-15 §5.3.3.1, §8.3.3.1): `avcC`, `hvcC`. */
export function readConfiguration(record: Buffer, codec: string): PictureFacts | undefined {
  if (codec === "h264" && record.length > 8) {
    const length = record.readUInt16BE(6);
    return parseH264Sps(record.subarray(8, 8 + length));
  }
  if (codec !== "h265" || record.length < 24) return undefined;
  let at = 23;
  for (let arrays = record[22] as number; arrays > 0 && at + 3 <= record.length; arrays--) {
    const type = (record[at] as number) & 63;
    let units = record.readUInt16BE(at + 1);
    at += 3;
    for (; units > 0 && at + 2 <= record.length; units--) {
      const length = record.readUInt16BE(at);
      if (type === H265.SPS) return parseH265Sps(record.subarray(at + 2, at + 2 + length));
      at += 2 + length;
    }
  }
  return undefined;
}
