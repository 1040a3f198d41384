import { Failure, LocalFailure } from "../../../common/camera/failure";
import { printable } from "../../../common/camera/wire-reader";
import { orNothing } from "../picture/container";
import { containerOf } from "../picture/containers";
import type { HttpFormat } from "./http-format";

/** So much tells a transport stream from text that begins with a G. */
const ENOUGH_BYTES = 400;
/** Parameter sets and indexes that come later are not waited for. */
const MOST_BYTES = 256 * 1024;
const LOOK_MS = 400;

/** Video in a container that is sent from its beginning or from now on: MP4, MPEG-TS, FLV, Matroska and the like. */
export const progressive: HttpFormat = {
  recognizes({ type, bytes }) {
    // a text that begins with a G is no transport stream
    return type.startsWith("video/") || (!type.startsWith("text/") && containerOf(bytes) !== undefined);
  },
  async firstPicture({ run, body, status }) {
    run.await(`${status}, but no video`, "no_media");
    const began = run.clock.elapsed();
    const failure = await body.begin(ENOUGH_BYTES);
    if (failure instanceof LocalFailure) return failure;
    const container = containerOf(body.beginning);
    if (!container) {
      return (
        failure ?? new Failure("not_a_stream", `${status}, but it begins with ${printable(body.beginning)}`)
      );
    }
    run.pictureCame(began);
    const limits = { bytes: MOST_BYTES, waitMs: LOOK_MS };
    const bytes = await body.gather(limits, run.clock, (soFar) => container.read(soFar).complete);
    const { media, hasVideo } = container.read(bytes);
    if (hasVideo === false) {
      const sound = media.audioCodec === undefined ? "" : ` (${media.audioCodec} only)`;
      return {
        reason: "no_video",
        message: `${status}, but no video in the ${container.name}${sound}`,
        media: orNothing(media),
      };
    }
    return { reason: "ok", message: status, media: orNothing(media) };
  },
};
