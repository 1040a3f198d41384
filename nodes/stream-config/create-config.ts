import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { copyFile, link, mkdir, open, rm } from "node:fs/promises";
import path from "node:path";
import { DEFAULT_CONFIG } from "./default-config";
import { errorCode } from "./read-config-file";

/**
 * Makes config.yaml with the defaults, for its owner only, because it will hold passwords. A file that is there, or
 * comes at the same moment, is left as it is, and half a file is never seen.
 *
 * @returns false when there was a file
 * @throws the system's error when it cannot be written
 */
export async function createConfig(file: string): Promise<boolean> {
  await mkdir(path.dirname(file), { recursive: true });
  const draft = `${file}.${randomUUID()}.new`;
  try {
    const handle = await open(draft, "wx", 0o600);
    try {
      await handle.writeFile(DEFAULT_CONFIG);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await putInPlace(draft, file);
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/** A rename would replace a file that has come meanwhile; a link fails. Not every file system has links. */
async function putInPlace(draft: string, file: string): Promise<void> {
  try {
    await link(draft, file);
  } catch (error) {
    if (errorCode(error) === "EEXIST") throw error;
    await copyFile(draft, file, constants.COPYFILE_EXCL);
  }
}
