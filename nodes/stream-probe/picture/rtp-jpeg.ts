import { plausible, type PictureFacts } from "../../../common/picture-facts";

/** RTP's JPEG header (RFC 2435 §3.1) counts in blocks of 8 pixels; 0 means a size from another place. */
export function parseRtpJpeg(payload: Uint8Array): PictureFacts | undefined {
  return payload.length < 8 ? undefined : plausible((payload[6] as number) * 8, (payload[7] as number) * 8);
}
