import { plausible, type PictureFacts } from "./facts";

/**
 * Reads the size from the start-of-frame segment of a JPEG (ITU-T T.81 §B.2.2).
 * @param image from the SOI marker on
 */
export function parseJpeg(image: Uint8Array): PictureFacts | undefined {
  let at = 2;
  while (at + 9 < image.length) {
    if (image[at] !== 0xff) return undefined;
    const marker = image[at + 1] as number;
    if (marker === 0xff) {
      at++;
      continue;
    }
    const isStartOfFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    const length = uint16(image, at + 2);
    if (isStartOfFrame) return plausible(uint16(image, at + 7), uint16(image, at + 5));
    if (marker === 0xda || length < 2) return undefined;
    at += 2 + length;
  }
  return undefined;
}

/** RTP's JPEG header (RFC 2435 §3.1) counts in blocks of 8 pixels; 0 means a size from another place. */
export function parseRtpJpeg(payload: Uint8Array): PictureFacts | undefined {
  return payload.length < 8 ? undefined : plausible((payload[6] as number) * 8, (payload[7] as number) * 8);
}

function uint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}
