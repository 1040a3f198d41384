import { plausible, type PictureFacts } from "../../../common/picture-facts";
import { BitReader, withoutEmulationPrevention } from "./bit-reader";

/** NAL unit types of ITU-T H.264 table 7-1, and the packets of RFC 6184 §5.2. */
export const H264 = { IDR: 5, SPS: 7, STAP_A: 24, FU_A: 28, FU_B: 29 } as const;

/** Profiles whose parameter set has the fields of high profile (H.264 §7.3.2.1.1). */
const HIGH_PROFILES = [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135];

/**
 * Reads a sequence parameter set (H.264 §7.3.2.1.1).
 * @param nal the whole NAL unit, its header byte included
 * @returns undefined when it is none, or says nonsense
 */
export function parseH264Sps(nal: Uint8Array): PictureFacts | undefined {
  if (nal.length < 4 || ((nal[0] as number) & 31) !== H264.SPS) return undefined;
  const reader = new BitReader(withoutEmulationPrevention(nal.subarray(1)));
  const profile = reader.bits(8);
  reader.skip(16);
  reader.unsigned();
  let chroma = 1;
  let separatePlanes = false;
  if (HIGH_PROFILES.includes(profile)) {
    chroma = reader.unsigned();
    if (chroma === 3) separatePlanes = reader.flag();
    reader.unsigned();
    reader.unsigned();
    reader.skip(1);
    if (reader.flag()) skipScalingLists(reader, chroma === 3 ? 12 : 8);
  }
  reader.unsigned();
  skipPictureOrder(reader);
  reader.unsigned();
  reader.skip(1);
  const widthInMacroblocks = reader.unsigned() + 1;
  const heightInMapUnits = reader.unsigned() + 1;
  const framesOnly = reader.flag();
  if (!framesOnly) reader.skip(1);
  reader.skip(1);
  const crop = reader.flag() ? [0, 0, 0, 0].map(() => reader.unsigned()) : [0, 0, 0, 0];
  const [left = 0, right = 0, top = 0, bottom = 0] = crop;
  // cropping counts in units of chroma samples (H.264 §7.4.2.1.1)
  const monochrome = chroma === 0 || separatePlanes;
  const unitX = monochrome || chroma === 3 ? 1 : 2;
  const unitY = (monochrome || chroma !== 1 ? 1 : 2) * (framesOnly ? 1 : 2);
  const width = widthInMacroblocks * 16 - unitX * (left + right);
  const height = heightInMapUnits * 16 * (framesOnly ? 1 : 2) - unitY * (top + bottom);
  const fps = reader.flag() ? frameRate(reader) : undefined;
  return reader.exhausted && fps === undefined ? plausible(width, height) : plausible(width, height, fps);
}

function skipScalingLists(reader: BitReader, count: number): void {
  for (let list = 0; list < count; list++) {
    if (!reader.flag()) continue;
    const size = list < 6 ? 16 : 64;
    let last = 8;
    let next = 8;
    for (let i = 0; i < size; i++) {
      if (next !== 0) next = (last + reader.signed() + 256) % 256;
      last = next === 0 ? last : next;
    }
  }
}

function skipPictureOrder(reader: BitReader): void {
  const type = reader.unsigned();
  if (type === 0) {
    reader.unsigned();
  } else if (type === 1) {
    reader.skip(1);
    reader.signed();
    reader.signed();
    const cycle = Math.min(reader.unsigned(), 255);
    for (let i = 0; i < cycle; i++) reader.signed();
  }
}

/** The timing of the video usability information (H.264 §E.1.1): a frame is two ticks. */
function frameRate(reader: BitReader): number | undefined {
  if (reader.flag() && reader.bits(8) === 255) reader.skip(32);
  if (reader.flag()) reader.skip(1);
  if (reader.flag()) {
    reader.skip(4);
    if (reader.flag()) reader.skip(24);
  }
  if (reader.flag()) {
    reader.unsigned();
    reader.unsigned();
  }
  if (!reader.flag()) return undefined;
  const unitsInTick = reader.bits(32);
  const timeScale = reader.bits(32);
  return reader.exhausted || unitsInTick === 0 ? undefined : timeScale / (2 * unitsInTick);
}
