import { createHash, randomUUID } from "node:crypto";
import type { Stats } from "node:fs";
import { open, readdir, readFile, realpath, rename, rm, stat, type FileHandle } from "node:fs/promises";
import path from "node:path";
import { errorCode, readConfigFile, type FileRead } from "./read-config-file";

export const KEPT_VERSIONS = 5;
/** How a rename fails where the file is a mount of its own, or is held open by another program (Windows). */
const NOT_REPLACEABLE = new Set(["EBUSY", "EXDEV", "EPERM", "EACCES"]);
/** How a new file fails in a folder that may not be written to. */
const NO_NEW_FILES = new Set(["EACCES", "EPERM", "EROFS"]);
const BOM = Buffer.from("\uFEFF");
const STALE_MS = 10 * 60_000;

/** The file is another one than what the new text was made from. */
export class ChangedMeanwhile extends Error {}

/** The file was not written; the message is a sentence. */
export class SaveFault extends Error {
  constructor(
    message: string,
    /** It may not be written, rather than that writing went wrong. */
    readonly isForbidden: boolean,
  ) {
    super(message);
  }
}

/** Neither the new bytes nor the old ones could be written. */
class HalfWritten extends Error {
  constructor(readonly code: string) {
    super();
  }
}

/** Changes whenever a byte does. */
export function revisionOf(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("base64url").slice(0, 22);
}

/** config.yaml on the disk: read whole, and replaced whole. */
export class ConfigFile {
  /** How sentences call it. */
  readonly name: string;

  /** @param file absolute path */
  constructor(readonly file: string) {
    this.name = path.basename(file);
  }

  read(): Promise<FileRead> {
    return readConfigFile(this.file);
  }

  /** The kept versions, the newest first. */
  versions(): string[] {
    return Array.from({ length: KEPT_VERSIONS }, (_, index) => `${this.file}.${index + 1}`);
  }

  /** Why nothing can be saved, as a sentence; undefined when it can. */
  async writeProblem(): Promise<string | undefined> {
    try {
      // only opening tells: mode bits say nothing about read-only mounts
      await (await open(this.file, "r+")).close();
      return undefined;
    } catch (error) {
      return `${this.name} cannot be written (${errorCode(error)}): let the user that runs Node-RED write it, or mount it without ro.`;
    }
  }

  /**
   * Writes the text in one step, so that nobody ever reads half of it, and keeps the version before. Through a link,
   * its target is written; with the mode and, where that is allowed, the owner that it had.
   * @param before the bytes that the text was made from
   * @returns the bytes that stand there now
   * @throws ChangedMeanwhile when others stand there; SaveFault when it cannot be written
   */
  async save(text: string, before: Buffer): Promise<Buffer> {
    const hadBom = before.subarray(0, BOM.length).equals(BOM);
    const bytes = hadBom ? Buffer.concat([BOM, Buffer.from(text)]) : Buffer.from(text);
    try {
      const target = await realpath(this.file);
      const stats = await stat(target);
      await removeStaleDrafts(target);
      const draft = await writeDraft(target, bytes, stats);
      try {
        await this.keep(before, stats);
        if (!(await readFile(target)).equals(before)) throw new ChangedMeanwhile();
        if (draft === undefined || !(await replace(draft, target))) await overwrite(target, bytes, before);
      } finally {
        if (draft !== undefined) await rm(draft, { force: true });
      }
      return bytes;
    } catch (error) {
      if (error instanceof ChangedMeanwhile) throw error;
      const code = errorCode(error);
      const advice =
        error instanceof HalfWritten
          ? "the disk failed in the middle of it, and the file is damaged: put a kept version or a backup back"
          : adviceOf(code);
      const sentence = `${this.name} cannot be saved (${code}): ${advice}.`;
      throw new SaveFault(sentence, NO_NEW_FILES.has(code));
    }
  }

  /** Moves the kept versions up by one and puts this one first. Where the folder cannot be written there are none. */
  private async keep(bytes: Buffer, stats: Stats): Promise<void> {
    const versions = this.versions();
    const [newest = ""] = versions;
    try {
      if (await isSame(newest, bytes)) return;
      const draft = await writeDraft(newest, bytes, stats);
      if (draft === undefined) return;
      for (let index = versions.length - 1; index > 0; index--) {
        await rename(versions[index - 1] ?? "", versions[index] ?? "").catch(() => {});
      }
      await rename(draft, newest);
    } catch (error) {
      if (errorCode(error) === "ENOSPC" || errorCode(error) === "EDQUOT") throw error;
    }
  }
}

/** @returns undefined where no file can be made beside the target */
async function writeDraft(
  target: string,
  bytes: Buffer,
  { mode, uid, gid }: Stats,
): Promise<string | undefined> {
  const draft = `${target}.${randomUUID()}.new`;
  let handle: FileHandle;
  try {
    handle = await open(draft, "wx", 0o600);
  } catch (error) {
    if (NO_NEW_FILES.has(errorCode(error))) return undefined;
    throw error;
  }
  try {
    await handle.writeFile(bytes);
    // the owner first: a change of it takes mode bits away
    await handle.chown(uid, gid).catch(() => {});
    await handle.chmod(mode & 0o7777).catch(() => {});
    await handle.sync();
    return draft;
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

/** @returns false when the target cannot be replaced, but perhaps written */
async function replace(draft: string, target: string): Promise<boolean> {
  try {
    await rename(draft, target);
  } catch (error) {
    if (NOT_REPLACEABLE.has(errorCode(error))) return false;
    throw error;
  }
  await syncFolder(path.dirname(target));
  return true;
}

/** Without it a power cut may bring the old name back. Not every system opens folders. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

/**
 * In place. A full disk is the likely fault, and the old text needs no more room than it had: it is cut off only when
 * the new one stands there whole.
 */
async function overwrite(target: string, bytes: Buffer, before: Buffer): Promise<void> {
  const handle = await open(target, "r+");
  try {
    await writeWhole(handle, bytes);
  } catch (error) {
    await writeWhole(handle, before).catch((second: unknown) => {
      throw new HalfWritten(errorCode(second));
    });
    throw error;
  } finally {
    await handle.close();
  }
}

/** From the beginning to the end, and nothing behind it. */
async function writeWhole(handle: FileHandle, content: Buffer): Promise<void> {
  let at = 0;
  // where room ends, a write is short, and only the next one fails
  while (at < content.length) {
    const { bytesWritten } = await handle.write(content, at, content.length - at, at);
    if (bytesWritten === 0) throw Object.assign(new Error("nothing was written"), { code: "EIO" });
    at += bytesWritten;
  }
  await handle.truncate(content.length);
  await handle.sync();
}

/** What a process that was killed has left. */
async function removeStaleDrafts(target: string): Promise<void> {
  const folder = path.dirname(target);
  const pattern = /\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.new$/;
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.startsWith(path.basename(target)) || !pattern.test(name)) continue;
    const file = path.join(folder, name);
    const age = Date.now() - ((await stat(file).catch(() => undefined)) ?? { mtimeMs: Date.now() }).mtimeMs;
    if (age > STALE_MS) await rm(file, { force: true }).catch(() => {});
  }
}

async function isSame(file: string, bytes: Buffer): Promise<boolean> {
  try {
    return (await readFile(file)).equals(bytes);
  } catch {
    return false;
  }
}

function adviceOf(code: string): string {
  if (code === "ENOSPC" || code === "EDQUOT") return "the disk is full; nothing has changed";
  if (code === "EROFS") return "it is on a disk or mount that is read-only";
  if (NO_NEW_FILES.has(code)) return "let the user that runs Node-RED write it";
  return "look at the disk; nothing has changed";
}
