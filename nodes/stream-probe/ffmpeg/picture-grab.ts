import { lastWords } from "../../../common/ffmpeg/last-words";
import type { StreamTool } from "../../../common/ffmpeg/stream-tool";
import { PICTURE } from "../picture/picture-watch";
import type { ProbeNotMade, ProbeRequest } from "../probers/prober";

/** Many cameras send a whole picture only every few seconds. */
const GRAB_TIMEOUT_MS = 10_000;
const MOST_PIXELS_WIDE = 640;
const MOST_JPEG_BYTES = 1024 * 1024;

/**
 * Only a picture that is whole by itself: what is decoded from the middle of a group is grey where nothing has come yet.
 * (`-skip_frame nokey` would do the same, but then ffmpeg 5 takes its full time to analyze H.264.)
 */
const ONE_PICTURE_TWICE = [
  "-filter_complex",
  "[0:v:0]select=eq(pict_type\\,I),split[judged][shown];" +
    `[judged]scale=${PICTURE.width}:${PICTURE.height}:flags=area,format=gray[grey];` +
    `[shown]scale=min(${MOST_PIXELS_WIDE}\\,iw):-2[jpeg]`,
  ...["-map", "[grey]", "-frames:v", "1", "-f", "rawvideo", "pipe:1"],
  ...["-map", "[jpeg]", "-frames:v", "1", "-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-q:v", "5"],
  ...["-f", "image2pipe", "pipe:3"],
];
const QUIETLY = ["-nostdin", "-v", "error", "-threads", "1"];

export interface GrabbedPicture {
  /** `PICTURE.width` × `PICTURE.height` bytes from black (0) to white (255). */
  grey: Buffer;
  /** The same picture for people; undefined when ffmpeg gave none. */
  jpeg?: Buffer;
}

/** One decoded picture of a stream, by ffmpeg. */
export class PictureGrab {
  constructor(private readonly ffmpeg: StreamTool) {}

  async grab(request: ProbeRequest): Promise<GrabbedPicture | ProbeNotMade> {
    const greyBytes = PICTURE.width * PICTURE.height;
    const outcome = await this.ffmpeg.run(request, {
      before: QUIETLY,
      after: ONE_PICTURE_TWICE,
      timeoutMs: GRAB_TIMEOUT_MS,
      mostBytes: greyBytes + MOST_JPEG_BYTES,
      hasSecondOutput: true,
    });
    if ("notMade" in outcome) return outcome;
    if (outcome.end !== "exited") return { notMade: `ffmpeg gave no picture (${outcome.end})` };
    const { stdout: grey, secondOutput: jpeg } = outcome;
    if (grey.length === greyBytes) return { grey, ...(jpeg.length > 0 && { jpeg }) };
    const words = lastWords(outcome.stderr, request.url) || `code ${outcome.code ?? outcome.signal}`;
    return { notMade: `ffmpeg gave no picture: ${words}` };
  }
}
