import path from "node:path";
import { NewerSchemaError } from "./schema";

/** A setting or file that only a person can mend; the message is for that person. */
export class StoreError extends Error {}

const GOES_ON = "The live status goes on; checks wait in memory and writing is tried again.";

/**
 * Says in one or two sentences why nothing can be stored, and what to do.
 * @param file undefined for a history in memory
 */
export function describeFailure(error: unknown, file: string | undefined): string {
  if (error instanceof StoreError) return error.message;
  if (file === undefined) return describeMemoryFailure(error);
  if (error instanceof NewerSchemaError) {
    return (
      `The database ${file} was written by a newer StreamPulse (schema ${error.found}; this one knows ${error.known}) ` +
      `and is left as it is: update StreamPulse or name another file. Until then history is kept in memory only.`
    );
  }
  const code = errorCode(error);
  const folder = path.dirname(file);
  if (code === "SQLITE_FULL" || code === "ENOSPC") {
    return `The disk of the database ${file} is full: make room on it. ${GOES_ON}`;
  }
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) {
    return `The database ${file} is locked by another program: close it. ${GOES_ON}`;
  }
  if (/^(SQLITE_(READONLY|CANTOPEN|PERM|AUTH)|E(ACCES|PERM|ROFS|NOTDIR|EXIST|ISDIR|NOENT))/.test(code)) {
    return (
      `The database ${file} cannot be opened for writing (${code}): check that ${folder} is a folder ` +
      `that the user of Node-RED may write to. ${GOES_ON}`
    );
  }
  const text = error instanceof Error ? error.message : String(error);
  return `The database ${file} cannot be written (${code === "" ? text : `${code}: ${text}`}). ${GOES_ON}`;
}

function describeMemoryFailure(error: unknown): string {
  if (errorCode(error) === "SQLITE_FULL") {
    return (
      "The history in memory was full and begins anew: keep it in a file, watch fewer streams, " +
      "or raise heartbeat_seconds or lower retention."
    );
  }
  return `The history in memory cannot be written (${String(error)}) and begins anew.`;
}

/** True when the file, the disk or the machine is at fault, and not what was to be written. */
export function isEnvironmental(error: unknown): boolean {
  return (
    error instanceof StoreError ||
    /^(SQLITE_(FULL|IOERR|BUSY|LOCKED|READONLY|CANTOPEN|PERM|AUTH|NOMEM|PROTOCOL|CORRUPT|NOTADB|SCHEMA)|E[A-Z]+$)/.test(
      errorCode(error),
    )
  );
}

/** True for a fault of the work in the background that leaves the connection as good as it was. */
export function isPassing(error: unknown): boolean {
  return !isEnvironmental(error) || /^SQLITE_(FULL|BUSY|LOCKED)/.test(errorCode(error));
}

/**
 * Says in a sentence why work in the background waits.
 * @param file undefined for a history in memory
 */
export function describeObstacle(error: unknown, file: string | undefined): string {
  const what = `Work in the background on the ${file === undefined ? "history in memory" : `database ${file}`}`;
  const again = "it is tried again every minute";
  const code = errorCode(error);
  if (code === "SQLITE_FULL")
    return `${what} needs more room than there is on its disk: make room; ${again}.`;
  if (/^SQLITE_(BUSY|LOCKED)/.test(code))
    return `${what} waits for another program's lock: close it; ${again}.`;
  return `${what} failed (${String(error)}); ${again}.`;
}

/** True when the file is no database, or one that is damaged. */
export function isBroken(error: unknown): boolean {
  return /^SQLITE_(NOTADB|CORRUPT)/.test(errorCode(error));
}

function errorCode(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "";
}
