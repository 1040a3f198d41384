import zlib from "node:zlib";
import type { Reason } from "../../../contracts/reasons";
import { Failure } from "../../../common/camera/failure";
import type { HttpAnswer } from "../../../common/camera/http-get";
import { header, printable } from "../../../common/camera/wire-reader";
import { audioFormatOf } from "../picture/containers";
import type { Beginning } from "./http-format";

/** So much of a compressed body is enough to see what it begins with; it becomes 520 KiB at the very most. */
const MOST_COMPRESSED_BYTES = 512;

/** What a body begins with, which is all that a handshake looks at. */
export function beginningOf({ head, body }: HttpAnswer): Beginning {
  const type = (header(head, "content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
  const coding = contentCoding(header(head, "content-encoding"));
  const bytes = coding ? decompressedBeginning(body.beginning) : body.beginning;
  return { type, bytes, text: bytes.toString("latin1", 0, 64).replace(/^\u00ef\u00bb\u00bf/, "") };
}

/** A camera that compresses although nobody asked for it (RFC 9110 §8.4.1). */
export function contentCoding(value: string | undefined): "gzip" | "deflate" | undefined {
  const coding = /^(?:x-)?(gzip|deflate)$/i.exec(value?.trim() ?? "")?.[1]?.toLowerCase();
  return coding as "gzip" | "deflate" | undefined;
}

/**
 * @param mostBytes of the result
 * @returns undefined when it would be larger, null when the bytes cannot be read
 */
export function decompress(bytes: Buffer, mostBytes: number): Buffer | undefined | null {
  try {
    // tells gzip and zlib apart by itself, and takes what is there of a body that breaks off
    return zlib.unzipSync(bytes, { maxOutputLength: mostBytes, finishFlush: zlib.constants.Z_SYNC_FLUSH });
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE" ? undefined : null;
  }
}

function decompressedBeginning(bytes: Buffer): Buffer {
  return decompress(bytes.subarray(0, MOST_COMPRESSED_BYTES), 1024 * 1024) || bytes;
}

/** Whether it is a web page, which cameras and proxies show instead of everything else. */
export function isHtml({ text }: Pick<Beginning, "text">): boolean {
  return /^\s*(<!doctype html|<html|<head|<body)/i.test(text);
}

/** What an answer is that no format recognizes. @param path of its address */
export function notVideo({ type, bytes, text }: Beginning, path: string): { reason: Reason; found: string } {
  const isPlaylist = /mpegurl/.test(type);
  if (isHtml({ text })) {
    const named = isPlaylist || /\.m3u8?(\?|$)/i.test(path);
    return { reason: "not_a_stream", found: named ? "playlist is HTML" : "it is a web page" };
  }
  if (isPlaylist) return { reason: "not_a_stream", found: `playlist begins with ${printable(bytes)}` };
  if (type.startsWith("audio/")) return { reason: "no_video", found: `it is ${type.slice(0, 40)}` };
  const audio = audioFormatOf(bytes);
  if (audio) return { reason: "no_video", found: `it is sound alone (${audio})` };
  if (type !== "" && !/^(text\/(html|plain)|application\/octet-stream)$/.test(type)) {
    return { reason: "not_a_stream", found: `it is ${type.slice(0, 60)}` };
  }
  // cameras call their error messages whatever they like
  if (/^\s*[[{]/.test(text)) return { reason: "not_a_stream", found: "it is JSON" };
  if (/^\s*<\?xml/.test(text)) return { reason: "not_a_stream", found: "it is XML" };
  return { reason: "not_a_stream", found: `it is ${type === "" ? printable(bytes) : type}` };
}

/** @param status "HTTP 200" */
export function notVideoFailure(beginning: Beginning, path: string, status: string): Failure {
  const { reason, found } = notVideo(beginning, path);
  return new Failure(reason, `${status}, but ${found}`);
}
