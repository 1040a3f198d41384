import { z } from "zod";
import type { Media } from "../../../contracts/check";

const reportSchema = z.object({
  streams: z
    .array(
      z.object({
        codec_type: z.string().optional(),
        codec_name: z.string().optional(),
        width: z.number().optional(),
        height: z.number().optional(),
        avg_frame_rate: z.string().optional(),
        bit_rate: z.string().optional(),
      }),
    )
    .max(1000),
});

/** What `inputArguments` are followed by, so that the report holds what is read here. */
export const REPORT_ARGUMENTS = [
  ...["-v", "error", "-of", "json", "-show_entries"],
  "stream=codec_type,codec_name,width,height,avg_frame_rate,bit_rate",
];

/** The names that people know, as the native probers say them. */
const CODECS: Record<string, string> = {
  hevc: "h265",
  mpeg2video: "mpeg2",
  pcm_mulaw: "pcmu",
  pcm_alaw: "pcma",
};
const MOST_PIXELS = 32_768;

/** @returns what the picture consists of, or why there is none, as the end of a sentence that begins with "ffprobe" */
export function readReport(text: string): Media | string {
  const report = reportSchema.safeParse(parse(text));
  if (!report.success) return "answers something that cannot be read";
  const { streams } = report.data;
  const video = streams.filter((stream) => stream.codec_type === "video");
  const audio = streams.find((stream) => stream.codec_type === "audio");
  // a stream is listed as soon as it is announced; without a size no picture of it has come
  const seen = video.find(({ width = 0, height = 0 }) => isSize(width) && isSize(height));
  if (seen) {
    const fps = fraction(seen.avg_frame_rate);
    const bitrate = Number(seen.bit_rate);
    return {
      ...(codec(seen.codec_name) && { codec: codec(seen.codec_name) }),
      ...{ width: seen.width, height: seen.height },
      ...(fps !== undefined && { fps }),
      ...(bitrate > 0 && bitrate < 1e12 && { bitrate }),
      ...(codec(audio?.codec_name) && { audioCodec: codec(audio?.codec_name) }),
    };
  }
  if (video[0]) return `finds ${codec(video[0].codec_name) ?? "a video track"}, but no picture came`;
  return streams.length > 0
    ? `finds no video (${codec(audio?.codec_name) ?? "other data"} only)`
    : "finds nothing";
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isSize(pixels: number): boolean {
  return Number.isInteger(pixels) && pixels > 0 && pixels <= MOST_PIXELS;
}

function codec(name: string | undefined): string | undefined {
  if (name === undefined || !/^[\w.-]{1,40}$/.test(name) || name === "unknown") return undefined;
  return Object.hasOwn(CODECS, name) ? CODECS[name] : name;
}

/** "30000/1001" → 29.97; "0/0" where it is not known. */
function fraction(text = ""): number | undefined {
  const [numerator = NaN, denominator = NaN] = text.split("/").map(Number);
  const fps = Math.round((numerator / denominator) * 100) / 100;
  return fps > 0.01 && fps <= 1000 ? fps : undefined;
}
