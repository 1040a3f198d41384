import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Logger } from "../common/logger";
import { ConfigurationError, type RuntimeOptions } from "./paths";

/** Remembers beside flows.json which flow was installed, so that an upgrade can tell whether a person changed it. */
const INSTALLED_FLOW = ".streampulse-flow.json";

/**
 * Creates what is missing of the data folder and touches nothing that is there, save a flow that nobody has changed
 * since it was installed: that one is replaced by the package's newer one. Safe to call at every start.
 * @param flowFile the flow that the package brings
 * @throws ConfigurationError when the folder cannot be written
 */
export function prepareDataFolder(options: RuntimeOptions, flowFile: string, logger: Logger): void {
  const packageFlow = readFileSync(flowFile, "utf8");
  try {
    mkdirSync(options.userDir, { recursive: true });
    tryToWrite(options.dataDir);
    tryToWrite(options.userDir);
    installUserPackage(options.userDir);
    installFlow(options.userDir, packageFlow, logger);
  } catch (error) {
    if (!isFileError(error)) throw error;
    throw new ConfigurationError(
      `The data folder ${options.dataDir} cannot be written (${error.code} at ${error.path}): ` +
        "let the user that runs StreamPulse write there, or set STREAMPULSE_DATA to another folder.",
    );
  }
}

/** Only writing tells: the mode bits say nothing about read-only mounts or root. */
function tryToWrite(folder: string): void {
  const file = path.join(folder, `.streampulse-${process.pid}`);
  writeFileSync(file, "");
  rmSync(file);
}

/** Node-RED's palette manager keeps its list of installed packages here. */
function installUserPackage(userDir: string): void {
  const file = path.join(userDir, "package.json");
  if (existsSync(file)) return;
  const content = { name: "streampulse-node-red", version: "1.0.0", private: true, dependencies: {} };
  writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`);
}

function installFlow(userDir: string, ours: string, logger: Logger): void {
  const target = path.join(userDir, "flows.json");
  const memory = path.join(userDir, INSTALLED_FLOW);
  if (existsSync(target)) {
    const installed = readHash(memory);
    const present = flowHash(readFileSync(target, "utf8"));
    if (present === flowHash(ours) || present !== installed) return;
    logger.info("the flow was never changed by hand: replacing it by the one of this version");
  }
  replaceFile(target, ours);
  replaceFile(memory, `${JSON.stringify({ hash: flowHash(ours) })}\n`);
}

/** The hash of what a flow says: a deploy that changes nothing writes the file anew with other white space. */
function flowHash(text: string): string {
  return createHash("sha256").update(normalizeJson(text)).digest("hex");
}

function normalizeJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text));
  } catch {
    return text;
  }
}

function readHash(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return (JSON.parse(readFileSync(file, "utf8")) as { hash?: string } | null)?.hash;
  } catch {
    // without knowing what was installed the flow counts as changed
    return undefined;
  }
}

function replaceFile(file: string, content: string): void {
  const temporary = `${file}.${process.pid}.new`;
  writeFileSync(temporary, content);
  renameSync(temporary, file);
}

/** An error of the file system, as opposed to a bug. */
export function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "code" in error && "syscall" in error;
}
