import type { StreamUrl } from "../stream-url";

const MOST_CHARACTERS = 160;

/** Why ffprobe or ffmpeg gave up, from the last line of its errors: without addresses, and never with the password. */
export function lastWords(stderr: string, { password }: StreamUrl): string {
  const lines = stderr.split(/[\r\n]+/).map((line) => line.replace(/[^\x20-\x7e]/g, "").trim());
  const words = (lines.findLast((line) => line !== "") ?? "")
    // "[rtsp @ 0x55d0c8a3f140] method DESCRIBE failed: 401 Unauthorized"
    .replace(/\[[^\]]* @ [^\]]*\]\s*/g, "")
    .replace(/\w+:\/\/\S*/g, (address) => (address.endsWith(":") ? "" : "(address)"))
    .trim();
  // a camera knows the password too, and its own words may stand here
  const masked = password
    ? words.replaceAll(password, "***").replaceAll(encodeURIComponent(password.toWellFormed()), "***")
    : words;
  return masked.slice(0, MOST_CHARACTERS);
}
