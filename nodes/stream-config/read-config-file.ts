import { readFile, stat } from "node:fs/promises";
import { MOST_BYTES, tooLarge } from "./parse-config";
import type { Problem } from "./problem";

export type FileRead = { text: string; bytes: Buffer } | { missing: true } | { fatal: Problem };

/** Reads a file of text with limits. Never throws: what cannot be read is a problem that says what to do. */
export async function readConfigFile(file: string): Promise<FileRead> {
  try {
    const stats = await stat(file);
    if (stats.isDirectory()) {
      return fatal(
        "is a folder (Docker makes one where a mounted file was missing): delete it and put the file there",
      );
    }
    // a pipe would hold its reader for ever
    if (!stats.isFile()) return fatal("is not a plain file: replace it by one");
    if (stats.size > MOST_BYTES) return fatal(tooLarge());
    return decode(await readFile(file));
  } catch (error) {
    const code = errorCode(error);
    if (isMissing(code)) return { missing: true };
    if (code === "EACCES" || code === "EPERM") {
      return fatal(`cannot be read (${code}): give the user that runs Node-RED the right to read it`);
    }
    return fatal(`cannot be read (${code})`);
  }
}

/** Whether a system's error code says that there is no such file. */
export function isMissing(code: string): boolean {
  return code === "ENOENT" || code === "ENOTDIR";
}

export function errorCode(error: unknown): string {
  return (error as NodeJS.ErrnoException | undefined)?.code ?? "unknown error";
}

function decode(bytes: Buffer): FileRead {
  if (bytes.length > MOST_BYTES) return fatal(tooLarge());
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes), bytes };
  } catch {
    const before = bytes.toString("utf8").split("\uFFFD", 1)[0] ?? "";
    const lineStart = before.lastIndexOf("\n") + 1;
    return fatal("is not UTF-8 text: save it with the encoding UTF-8", {
      line: before.split("\n").length,
      column: before.length - lineStart + 1,
    });
  }
}

function fatal(message: string, position?: { line: number; column: number }): FileRead {
  return { fatal: { ...position, place: "", message, severity: "error" } };
}
