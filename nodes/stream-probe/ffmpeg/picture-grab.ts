import { PICTURE } from "../picture/picture-watch";
import type { ProbeNotMade, ProbeRequest } from "../probers/prober";
import { lastWords } from "../../../common/ffmpeg/last-words";
import type { StreamTool } from "../../../common/ffmpeg/stream-tool";

/** Many cameras send a whole picture only every few seconds. */
const GRAB_TIMEOUT_MS = 10_000;

/**
 * Only a picture that is whole by itself: what is decoded from the middle of a group is grey where nothing has come yet.
 * (`-skip_frame nokey` would do the same, but then ffmpeg 5 takes its full time to analyze H.264.)
 */
const ONE_SMALL_PICTURE = [
  ...["-map", "0:v:0", "-frames:v", "1", "-vf"],
  `select=eq(pict_type\\,I),scale=${PICTURE.width}:${PICTURE.height}:flags=area,format=gray`,
  ...["-f", "rawvideo", "pipe:1"],
];
const QUIETLY = ["-nostdin", "-v", "error", "-threads", "1"];

/** One decoded picture of a stream, small and grey, by ffmpeg. */
export class PictureGrab {
  constructor(private readonly ffmpeg: StreamTool) {}

  /** @returns `PICTURE.width` × `PICTURE.height` bytes from black (0) to white (255) */
  async grab(request: ProbeRequest): Promise<Buffer | ProbeNotMade> {
    const mostBytes = PICTURE.width * PICTURE.height;
    const task = { before: QUIETLY, after: ONE_SMALL_PICTURE, timeoutMs: GRAB_TIMEOUT_MS, mostBytes };
    const outcome = await this.ffmpeg.run(request, task);
    if ("notMade" in outcome) return outcome;
    if (outcome.end !== "exited") return { notMade: `ffmpeg gave no picture (${outcome.end})` };
    if (outcome.stdout.length === mostBytes) return outcome.stdout;
    const words = lastWords(outcome.stderr, request.url) || `code ${outcome.code ?? outcome.signal}`;
    return { notMade: `ffmpeg gave no picture: ${words}` };
  }
}
