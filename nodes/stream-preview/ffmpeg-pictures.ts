import type { StreamAccess } from "../../common/camera/access";
import { Failure } from "../../common/camera/failure";
import { lastWords } from "../../common/ffmpeg/last-words";
import type { StreamTool } from "../../common/ffmpeg/stream-tool";
import type { Reason } from "../../contracts/reasons";
import { JpegSplitter } from "./jpeg-splitter";
import { cameraRefusal, Refusal } from "./refusal";

/** Nobody watches longer; whoever does begins anew. */
const LONGEST_MS = 6 * 3_600_000;
/** A person waits: enough to know most streams, and the rest shows itself. */
const ANALYZE_MS = 1000;
/** At most ten pictures a second. */
const SHORTEST_STEP_SECONDS = 0.095;
const MOST_PIXELS_WIDE = 1280;
/** ffmpeg 5.1 calls the option so; before, and until it was taken out, it had another name. */
const FPS_MODE_SINCE = 6;

/**
 * Begins with a picture that is whole by itself, and then drops what comes too soon. It never doubles pictures to fill
 * gaps: cameras' timestamps jump by hours, and backwards.
 */
const SELECTED =
  "select='if(isnan(prev_selected_t),eq(pict_type,I)," +
  `isnan(t)+gte(t-prev_selected_t,${SHORTEST_STEP_SECONDS})+lt(t,prev_selected_t))'`;
const SCALED =
  `scale=w='min(${MOST_PIXELS_WIDE},iw)':h='min(${MOST_PIXELS_WIDE},ih)'` +
  ":force_original_aspect_ratio=decrease:force_divisible_by=2";

/** What its last words mean. */
const REASONS_OF_WORDS: readonly [words: RegExp, reason: Reason][] = [
  [/\b401\b/, "auth_failed"],
  [/\b403\b/, "forbidden"],
  [/\b404\b/, "wrong_path"],
  [/\b45[34]\b/, "session_limit"],
  [/Connection refused/i, "connect_refused"],
  [/timed out/i, "timeout"],
  [/No route to host|unreachable/i, "unreachable"],
];

/** The pictures of any stream that ffmpeg can read, by one process of it, as JPEG. @returns why there are no more */
export async function ffmpegPictures(
  access: StreamAccess,
  ffmpeg: StreamTool,
  give: (jpeg: Buffer) => void,
  signal: AbortSignal,
): Promise<Refusal> {
  const splitter = new JpegSplitter(give);
  const stop = new AbortController();
  const outcome = await ffmpeg.run(access, {
    before: ["-nostdin", "-v", "error", "-threads", "2", ...pace(access)],
    after: (major) => output(major),
    timeoutMs: LONGEST_MS,
    mostBytes: Infinity,
    analyzeMs: ANALYZE_MS,
    signal: AbortSignal.any([signal, stop.signal]),
    onOutput: (chunk) => {
      if (splitter.add(chunk) !== undefined) stop.abort();
    },
  });
  if ("notMade" in outcome)
    return new Refusal(503, "not_possible", `No picture can be shown: ${outcome.notMade}.`);
  if (outcome.end !== "exited") return new Refusal(502, "no_picture", "ffmpeg gave no picture.");
  const words = lastWords(outcome.stderr, access.url);
  const [, reason] = REASONS_OF_WORDS.find(([pattern]) => pattern.test(words)) ?? [];
  if (reason === "auth_failed" && access.url.username === undefined)
    return cameraRefusal(new Failure("auth_required", words));
  if (reason) return cameraRefusal(new Failure(reason, words));
  if (splitter.pictures > 0) return new Refusal(502, "ended", "The stream has ended.");
  const found = words || `it ended with code ${outcome.code ?? outcome.signal}`;
  return new Refusal(502, "no_picture", `ffmpeg gives no picture: ${found}.`);
}

/** A server sends as fast as it can what a camera sends as it happens. */
function pace({ url }: StreamAccess): string[] {
  return url.protocol === "http" ? ["-re"] : [];
}

function output(major: number): string[] {
  return [
    ...["-map", "0:v:0", "-vf", `${SELECTED},${SCALED}`],
    ...[major < FPS_MODE_SINCE ? "-vsync" : "-fps_mode", "passthrough"],
    ...["-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-q:v", "5", "-threads", "1"],
    ...["-f", "image2pipe", "-flush_packets", "1", "pipe:1"],
  ];
}
