import type { ImportFormat } from "../../../contracts/edits";
import type { Environment } from "../environment";
import type { ImportSource } from "./import-source";

/** What another system's configuration holds for us. */
export interface Imported {
  streams: ImportedStream[];
  skipped: Skipped[];
  /** Keys of config.yaml but `streams`, of a file that has them. */
  settings?: Record<string, unknown>;
}

/** An entry as it would stand in config.yaml, not checked yet. */
export interface ImportedStream {
  name: string;
  url: string;
  /** Further keys of the entry. */
  more?: Readonly<Record<string, unknown>>;
}

export interface Skipped {
  /** As the other system calls it. */
  name: string;
  /** A sentence without subject: "is a command (exec:), which is not run". No credentials. */
  reason: string;
}

/** Reads the configuration of one other system. One file each; all of them stand in index.ts. */
export interface Importer {
  format: ImportFormat;
  /** Whether a text is such a configuration, judged by what it holds. */
  recognises(source: ImportSource): boolean;
  /** @throws ImportFault when nothing of it can be used */
  read(source: ImportSource, env: Environment): Imported;
}

/** The whole text is refused; the message is a sentence. */
export class ImportFault extends Error {}
