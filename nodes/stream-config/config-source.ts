import path from "node:path";
import { Backoff } from "../../common/backoff";
import type { Clock } from "../../common/clock";
import type { Logger } from "../../common/logger";
import type { Rename } from "../../common/renames";
import { settingsSchema, type Settings } from "../../contracts/settings";
import type { Stream } from "../../contracts/stream";
import type { ConfigText } from "./config-desk";
import { ConfigFile, revisionOf } from "./config-file";
import { ConfigThread, ThreadFault } from "./config-thread";
import { ConfigWatcher, fileSignature } from "./config-watcher";
import { createConfig } from "./create-config";
import { placeEditorSchema } from "./editor-schema";
import type { Environment } from "./environment";
import { formatProblem, formatProblems, type Problem } from "./problem";
import { errorCode, isMissing, readConfigFile, type FileRead } from "./read-config-file";

export interface Config {
  streams: Stream[];
  settings: Settings;
  /** Renames that somebody made by an edit; others are found by an unchanged URL. */
  renames?: Rename[];
}

export interface ConfigStatus {
  /** How many streams are in force. */
  streams: number;
  /** A sentence each, with file, line and column; not more than a person reads. */
  problems: string[];
  /** How many there are. */
  problemCount: number;
  /** The file as it is now cannot be used: why. Then something older is in force. */
  refused?: string;
}

export interface ConfigSourceOptions {
  /** Absolute path of config.yaml. */
  file: string;
  env: Environment;
  clock: Clock;
  logger: Logger;
  /** A configuration that differs from the last one, or that was asked for. It is the receiver's own copy. */
  onConfig(config: Config): void;
  onStatus(status: ConfigStatus): void;
  /** See ConfigWatcher. */
  pollMs?: number;
}

type Cause = "start" | "change" | "request" | "again";

/** What is in force, as JSON, so that nobody can change it. */
type InForce = Required<Pick<ConfigText, "streams" | "settings">>;

/**
 * The configuration as it is in force: reads config.yaml when it starts and each time it changes, makes it when there
 * is none, and keeps the last good one while the file cannot be used.
 */
export class ConfigSource {
  readonly file: ConfigFile;
  readonly thread: ConfigThread;
  private readonly watcher: ConfigWatcher;
  private readonly ending = new AbortController();
  private started?: Promise<void>;
  private asked?: Promise<void>;
  /** The file is read or written by one at a time. */
  private queue: Promise<void> = Promise.resolve();
  private inForce?: InForce;
  /** Of the file that is in force; empty when it is none that could be read. */
  private revision = "";
  private said = "";
  private again: unknown;
  private patience = new Backoff(30_000, 600_000);
  /** Why config.yaml could not be made. */
  private creationFault?: string;

  constructor(private readonly options: ConfigSourceOptions) {
    const { file, clock, pollMs, env } = options;
    this.file = new ConfigFile(file);
    this.thread = new ConfigThread(env);
    this.watcher = new ConfigWatcher({ file, clock, pollMs, onChange: () => void this.enqueue("change") });
  }

  /** Resolves when the first configuration is in force. Rejects only for bugs. */
  start(): Promise<void> {
    this.started ??= this.startOnce();
    return this.started;
  }

  /** Ends thread and watch, and hands on nothing more. */
  async stop(): Promise<void> {
    this.ending.abort();
    this.options.clock.clearTimeout(this.again);
    this.watcher.stop();
    await this.thread.stop();
  }

  /** Reads the file again and hands on what is then in force, changed or not. */
  async reload(): Promise<void> {
    await this.start();
    this.asked ??= this.enqueue("request");
    await this.asked;
  }

  /** Does something with the file while nobody else reads or writes it here. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    await this.start();
    const done = this.queue.then(work);
    this.queue = done.then(
      () => {},
      () => {},
    );
    return done;
  }

  /** Puts in force what has just been saved, without waiting for the watcher to see it. */
  take(saved: ConfigText, revision: string, renames: Rename[]): void {
    this.revision = revision;
    this.accept(saved, "request", false, renames);
  }

  /** A copy of what is in force; undefined before the start. */
  get config(): Config | undefined {
    if (!this.inForce) return undefined;
    return {
      streams: JSON.parse(this.inForce.streams.json) as Stream[],
      settings: JSON.parse(this.inForce.settings) as Settings,
    };
  }

  private async startOnce(): Promise<void> {
    const { file, logger } = this.options;
    if (isMissing(await fileSignature(file))) {
      try {
        if (await createConfig(file)) logger.info(`made ${file} with the defaults: put your streams into it`);
      } catch (error) {
        this.creationFault = errorCode(error);
      }
    }
    const signature = await fileSignature(file);
    const notPlaced = isMissing(signature) ? undefined : await placeEditorSchema(file);
    if (notPlaced !== undefined) logger.debug(`no schema for editors beside ${this.file.name}: ${notPlaced}`);
    await this.enqueue("start");
    if (!this.ending.signal.aborted) this.watcher.start(signature);
  }

  private enqueue(cause: Cause): Promise<void> {
    const run = this.queue.then(async () => {
      if (cause === "request") this.asked = undefined;
      if (this.ending.signal.aborted) return;
      try {
        await this.load(cause);
      } catch (error) {
        // a thread that was ended by stop() is no fault
        if (!this.ending.signal.aborted) throw error;
      }
    });
    this.queue = run.catch((error: unknown) => {
      const text = error instanceof Error ? error.message : String(error);
      this.options.logger.error(`${this.file.name}: ${text}`);
    });
    return run;
  }

  private async load(cause: Cause): Promise<void> {
    const read = await this.file.read();
    const revision = "bytes" in read ? revisionOf(read.bytes) : "";
    // what was saved here is known already, and so is a file that somebody only touched
    if (cause === "change" && revision !== "" && revision === this.revision) return;
    const answer = await this.understand(read);
    if (this.ending.signal.aborted) return;
    this.revision = "fatal" in answer ? "" : revision;
    this.options.clock.clearTimeout(this.again);
    if ("fatal" in answer && answer.passing) this.again = this.tryAgain();
    if ("fatal" in answer) await this.refuse(answer.fatal, cause);
    else this.accept(answer, cause, cause === "request");
  }

  private async understand(read: FileRead): Promise<ConfigText | { fatal: Problem; passing?: true }> {
    if ("fatal" in read) return read;
    if ("missing" in read) return fatal(this.missing());
    try {
      return await this.thread.ask("read", { text: read.text });
    } catch (error) {
      if (!(error instanceof ThreadFault)) throw error;
      return { ...fatal(`the file ${error.message}`), passing: true };
    }
  }

  /** A machine that was busy is not so for ever, and a file that does not change is not looked at again. */
  private tryAgain(): unknown {
    return this.options.clock.setTimeout(() => void this.enqueue("again"), this.patience.next(0));
  }

  private missing(): string {
    if (this.creationFault === undefined)
      return "there is no such file, or it is a link to none: put it back";
    const folder = path.dirname(this.options.file);
    return `there is no such file and it cannot be made (${this.creationFault}): ${folder} must be a folder that Node-RED can write into`;
  }

  private accept(answer: ConfigText, cause: Cause, isAsked: boolean, renames: Rename[] = []): void {
    this.creationFault = undefined;
    this.patience = new Backoff(30_000, 600_000);
    const changed = this.adopt(answer);
    const problems = formatProblems(this.file.name, answer.problems, answer.hiddenProblems);
    this.say(problems, cause, (line, index) =>
      answer.problems[index]?.severity === "error"
        ? this.options.logger.error(line)
        : this.options.logger.warn(line),
    );
    if (changed) this.options.logger.info(`${this.file.name}: ${countOf(this.streams, "stream")}`);
    const problemCount = answer.problems.length + answer.hiddenProblems;
    this.handOn({ streams: this.streams, problems, problemCount }, changed || isAsked, renames);
  }

  private async refuse(problem: Problem, cause: Cause): Promise<void> {
    let changed = false;
    let until = "the last good settings stay in force";
    if (!this.inForce) {
      const kept = await this.adoptKeptVersion();
      if (this.ending.signal.aborted) return;
      changed = true;
      until = kept === undefined ? "nothing is watched until then" : `${kept} is used until then`;
    }
    const refused = `${formatProblem(this.file.name, problem)}; ${until}`;
    this.say([refused], cause, (line) => this.options.logger.error(line));
    const status = { streams: this.streams, problems: [refused], problemCount: 1, refused };
    this.handOn(status, changed || cause === "request");
  }

  /** @returns the name of the newest kept version that can be read; undefined when nothing but the defaults is left */
  private async adoptKeptVersion(): Promise<string | undefined> {
    for (const version of this.file.versions()) {
      const answer = await this.understand(await readConfigFile(version));
      if ("fatal" in answer) continue;
      this.adopt(answer);
      return path.basename(version);
    }
    this.adopt({ settings: JSON.stringify(settingsSchema.parse({})) });
    return undefined;
  }

  /** @returns whether anything is different now */
  private adopt({ settings, ...answer }: Pick<ConfigText, "streams" | "settings">): boolean {
    const streams = answer.streams ?? this.inForce?.streams ?? { json: "[]", count: 0 };
    const before = this.inForce;
    this.inForce = { streams, settings };
    return before?.streams.json !== streams.json || before.settings !== settings;
  }

  private get streams(): number {
    return this.inForce?.streams.count ?? 0;
  }

  /** Says each line once for each change of the file. */
  private say(lines: string[], cause: Cause, log: (line: string, index: number) => void): void {
    const all = lines.join("\n");
    if ((cause === "request" || cause === "again") && all === this.said) return;
    this.said = all;
    lines.forEach(log);
  }

  private handOn(status: ConfigStatus, changed: boolean, renames: Rename[] = []): void {
    this.options.onStatus(status);
    const { config } = this;
    if (changed && config) this.options.onConfig(renames.length > 0 ? { ...config, renames } : config);
  }
}

function fatal(message: string): { fatal: Problem } {
  return { fatal: { place: "", message, severity: "error" } };
}

/** "1 stream", "12 streams". */
export function countOf(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}
