import type { StreamAccess } from "../camera/access";

/** A camera that says nothing for so long has ended; the whole is limited by the wall clock. */
const SILENCE_MS = 5000;
const MOST_ANALYZED_BYTES = 5_000_000;

/** Formats in which cameras, recorders and servers send video over HTTP: none that opens further addresses but HLS. */
const HTTP_FORMATS =
  "hls,applehttp,mpegts,mov,mp4,matroska,webm,flv,live_flv,mpjpeg,mjpeg,jpeg_pipe,avi,asf,h264,hevc,obu,m4v,mpeg," +
  "mpegvideo,ogg,aac,ac3,mp3,webvtt";

/**
 * What stands before the output options of ffprobe and ffmpeg: nothing that a camera sends, and no playlist, may open a
 * file or another protocol.
 * @param major the program's version: before 5, `-timeout` of RTSP meant to wait for a caller
 * @param address of a handover
 * @param analyzeMs how much of the stream is looked at until it is known what it consists of
 */
export function inputArguments(
  access: StreamAccess,
  major: number,
  address: string,
  analyzeMs: number,
): string[] {
  const silence = String(SILENCE_MS * 1000);
  const own =
    access.url.protocol === "rtsp"
      ? [
          ...["-protocol_whitelist", "rtp,udp,tcp,tls", "-f", "rtsp", "-rtsp_transport", access.transport],
          ...[major < 5 ? "-stimeout" : "-timeout", silence],
        ]
      : [
          ...["-protocol_whitelist", "http,https,tls,tcp,crypto", "-format_whitelist", HTTP_FORMATS],
          ...["-rw_timeout", silence],
        ];
  const limits = ["-analyzeduration", String(analyzeMs * 1000), "-probesize", `${MOST_ANALYZED_BYTES}`];
  return [...own, ...limits, "-fpsprobesize", "0", "-i", address];
}
