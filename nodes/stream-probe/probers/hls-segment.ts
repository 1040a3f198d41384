import type { Clock } from "../../../common/clock";
import type { Media } from "../../../contracts/check";
import { Failure, type LocalFailure } from "../../../common/camera/failure";
import type { HttpAnswer } from "../../../common/camera/http-get";
import { printable } from "../../../common/camera/wire-reader";
import { audioFormatOf } from "../picture/containers";
import type { Container } from "../picture/container";
import { mp4 } from "../picture/mp4";
import { firstPacket, mpegTs } from "../picture/mpegts";
import { isHtml } from "./http-beginning";

/** Three packets of a transport stream, the first of which may stand behind something else. */
const ENOUGH_BYTES = 700;
/** Where the parameter set is not within the first pictures, it is not looked for. */
const MOST_BYTES = 200 * 1024;
const LOOK_MS = 1000;

/** Why the bytes that come are no segment (RFC 8216 §3), or nothing. */
export async function segmentFailure(
  { body }: HttpAnswer,
  encrypted: boolean,
): Promise<Failure | LocalFailure | undefined> {
  const failure = await body.begin(ENOUGH_BYTES);
  const bytes = body.beginning;
  // a few bytes by the deadline are no segment, and enough of them are one
  if (failure && !(bytes.length > 8 && formatOf(bytes))) return failure;
  if (bytes.length === 0) return new Failure("no_media", "segment is empty");
  const text = bytes.toString("latin1", 0, 64).replace(/^\u00ef\u00bb\u00bf/, "");
  if (isHtml({ text })) return new Failure("not_a_stream", "segment is HTML");
  if (encrypted || formatOf(bytes)) return undefined;
  if (text.startsWith("WEBVTT")) return new Failure("no_video", "segment is WebVTT");
  const audio = audioFormatOf(bytes);
  if (audio) return new Failure("no_video", `segment is sound alone (${audio})`);
  return new Failure("not_a_stream", `segment begins with ${printable(bytes)}`);
}

/** What a segment consists of. @param init what its playlist says must be read before it */
export async function segmentMedia(
  { body }: HttpAnswer,
  init: Buffer,
  clock: Clock,
): Promise<Media | Failure> {
  const container = formatOf(body.beginning) as Container;
  const read = (bytes: Buffer) => container.read(init.length === 0 ? bytes : Buffer.concat([init, bytes]));
  const limits = { bytes: MOST_BYTES, waitMs: LOOK_MS };
  const { media, hasVideo } = read(await body.gather(limits, clock, (soFar) => read(soFar).complete));
  if (hasVideo !== false) return media;
  const sound = media.audioCodec === undefined ? "" : ` (${media.audioCodec} only)`;
  return new Failure("no_video", `segment has no video${sound}`);
}

/** RFC 8216 §3.2, §3.3; some packagers put a picture of one pixel before the first packet. */
function formatOf(bytes: Buffer): Container | undefined {
  if (mp4.matches(bytes)) return mp4;
  return firstPacket(bytes) >= 0 ? mpegTs : undefined;
}
