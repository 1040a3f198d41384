import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Media } from "../../contracts/check";

interface FfprobeStream {
  codec_type: string;
  codec_name: string;
  width?: number;
  height?: number;
  r_frame_rate?: string;
}

/** What ffprobe sees at a URL, in the words of a check. Needs "ffprobe". */
export async function ffprobe(url: string): Promise<Media> {
  const show = ["-show_entries", "stream=codec_type,codec_name,width,height,r_frame_rate", "-of", "json"];
  const { stdout } = await promisify(execFile)("ffprobe", ["-v", "error", ...show, "-i", url], {
    timeout: 60_000,
  });
  const { streams } = JSON.parse(stdout) as { streams: FfprobeStream[] };
  const video = streams.find(({ codec_type }) => codec_type === "video");
  const audio = streams.find(({ codec_type }) => codec_type === "audio");
  const [ticks = 0, seconds = 0] = (video?.r_frame_rate ?? "").split("/").map(Number);
  return {
    ...(video && { codec: video.codec_name === "hevc" ? "h265" : video.codec_name }),
    ...(video && { width: video.width, height: video.height }),
    ...(seconds > 0 && { fps: Math.round((ticks / seconds) * 100) / 100 }),
    ...(audio && { audioCodec: audio.codec_name }),
  };
}
