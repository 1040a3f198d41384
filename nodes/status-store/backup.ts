import { randomBytes } from "node:crypto";
import { createReadStream, readdirSync, rmSync, statfsSync } from "node:fs";
import path from "node:path";
import type { Database } from "better-sqlite3";
import { Refusal } from "./history";

const PAGES_A_STEP = 400;
const BYTES_A_PIECE = 256 * 1024;
const MARK = ".backup-";

/**
 * A consistent copy of the database, piece by piece. It is made page by page into a file beside the database, which is
 * gone again afterwards; a read transaction of the caller keeps writers from making it begin anew. The first piece is
 * empty and comes at once, because making the copy of a large database takes its time.
 *
 * @throws Refusal when the disk has no room for the copy
 */
export async function* backUp(
  db: Database,
  file: string,
  signal: { cancelled: boolean },
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  const copy = `${file}${MARK}${randomBytes(6).toString("hex")}`;
  refuseWithoutRoom(db, path.dirname(copy));
  yield new Uint8Array();
  try {
    await db.backup(copy, {
      progress: () => {
        if (signal.cancelled) throw new Error("cancelled");
        return PAGES_A_STEP;
      },
    });
    for await (const piece of createReadStream(copy, { highWaterMark: BYTES_A_PIECE })) {
      yield new Uint8Array(piece as Buffer);
    }
  } finally {
    for (const suffix of ["", "-journal", "-wal", "-shm"]) rmSync(copy + suffix, { force: true });
  }
}

/** The same of a database in memory: it needs its size again, and no file. */
export function* backUpMemory(db: Database): Generator<Uint8Array<ArrayBuffer>, void, void> {
  const copy = db.serialize();
  for (let start = 0; start < copy.length; start += BYTES_A_PIECE) {
    yield new Uint8Array(copy.subarray(start, start + BYTES_A_PIECE));
  }
}

function refuseWithoutRoom(db: Database, folder: string): void {
  const pages = (what: string) => Number(db.pragma(what, { simple: true }));
  const neededMb = Math.ceil((pages("page_count") * pages("page_size")) / 1e6);
  const { bavail, bsize } = statfsSync(folder);
  const freeMb = Math.floor((bavail * bsize) / 1e6);
  if (freeMb >= neededMb) return;
  throw new Refusal(
    507,
    "disk_full",
    `A backup needs ${neededMb} MB of room in ${path.basename(folder)} for a while, and ${freeMb} MB are free: make room on the disk.`,
  );
}

/** Copies that a kill left behind. */
export function removeLeftCopies(file: string): void {
  const folder = path.dirname(file);
  const prefix = path.basename(file) + MARK;
  for (const name of readdirSync(folder)) {
    if (name.startsWith(prefix)) rmSync(path.join(folder, name), { force: true });
  }
}
