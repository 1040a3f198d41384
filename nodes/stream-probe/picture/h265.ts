import { plausible, type PictureFacts } from "../../../common/picture-facts";
import { BitReader, withoutEmulationPrevention } from "./bit-reader";

/** NAL unit types of ITU-T H.265 table 7-1, and the packets of RFC 7798 §4.4. */
export const H265 = { FIRST_IRAP: 16, LAST_IRAP: 23, SPS: 33, AGGREGATION: 48, FRAGMENT: 49 } as const;

export function h265Type(header: number): number {
  return (header >> 1) & 63;
}

/**
 * Reads the size from a sequence parameter set (H.265 §7.3.2.2). The frame rate stands too far behind what a few
 * hundred lines could skip, and comes from RTP timestamps.
 * @param nal the whole NAL unit, its two header bytes included
 */
export function parseH265Sps(nal: Uint8Array): PictureFacts | undefined {
  if (nal.length < 16 || h265Type(nal[0] as number) !== H265.SPS) return undefined;
  const reader = new BitReader(withoutEmulationPrevention(nal.subarray(2)));
  reader.skip(4);
  const subLayers = reader.bits(3);
  reader.skip(1);
  skipProfileTierLevel(reader, subLayers);
  reader.unsigned();
  const chroma = reader.unsigned();
  if (chroma === 3) reader.skip(1);
  const codedWidth = reader.unsigned();
  const codedHeight = reader.unsigned();
  const [left = 0, right = 0, top = 0, bottom = 0] = reader.flag()
    ? [0, 0, 0, 0].map(() => reader.unsigned())
    : [];
  const unitX = chroma === 1 || chroma === 2 ? 2 : 1;
  const unitY = chroma === 1 ? 2 : 1;
  if (reader.exhausted) return undefined;
  return plausible(codedWidth - unitX * (left + right), codedHeight - unitY * (top + bottom));
}

/** H.265 §7.3.3 */
function skipProfileTierLevel(reader: BitReader, subLayers: number): void {
  reader.skip(96);
  const present: { profile: boolean; level: boolean }[] = [];
  for (let i = 0; i < subLayers; i++) present.push({ profile: reader.flag(), level: reader.flag() });
  if (subLayers > 0) reader.skip(2 * (8 - subLayers));
  for (const { profile, level } of present) reader.skip((profile ? 88 : 0) + (level ? 8 : 0));
}
