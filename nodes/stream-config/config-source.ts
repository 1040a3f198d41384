import path from "node:path";
import type { Clock } from "../../common/clock";
import type { Logger } from "../../common/logger";
import { settingsSchema, type Settings } from "../../contracts/settings";
import type { Stream } from "../../contracts/stream";
import { ConfigWatcher, fileSignature } from "./config-watcher";
import type { ConfigText, ConfigWorkerAnswer } from "./config-worker";
import { createConfig } from "./create-config";
import type { Environment } from "./environment";
import { parseInWorker } from "./parse-in-worker";
import { formatProblem, formatProblems, type Problem } from "./problem";
import { errorCode, isMissing, readConfigFile } from "./read-config-file";

export interface Config {
  streams: Stream[];
  settings: Settings;
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

type Cause = "start" | "change" | "request";

/** What is in force, as JSON, so that nobody can change it. */
type InForce = Required<Pick<ConfigText, "streams" | "settings">>;

const KEPT_VERSIONS = 5;

/**
 * The configuration as it is in force: reads config.yaml when it starts and each time it changes, makes it when there
 * is none, and keeps the last good one while the file cannot be used.
 */
export class ConfigSource {
  /** How problems call the file. */
  private readonly name: string;
  private readonly watcher: ConfigWatcher;
  private readonly ending = new AbortController();
  private started?: Promise<void>;
  private asked?: Promise<void>;
  /** One file is read at a time. */
  private queue: Promise<void> = Promise.resolve();
  private thread: Promise<unknown> = Promise.resolve();
  private inForce?: InForce;
  private said = "";
  /** Why config.yaml could not be made. */
  private creationFault?: string;

  constructor(private readonly options: ConfigSourceOptions) {
    this.name = path.basename(options.file);
    const { file, clock, pollMs } = options;
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
    this.watcher.stop();
    await this.thread;
  }

  /** Reads the file again and hands on what is then in force, changed or not. */
  async reload(): Promise<void> {
    await this.start();
    this.asked ??= this.enqueue("request");
    await this.asked;
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
      this.options.logger.error(`${this.name}: ${error instanceof Error ? error.message : String(error)}`);
    });
    return run;
  }

  private async load(cause: Cause): Promise<void> {
    const answer = await this.read(this.options.file);
    if (this.ending.signal.aborted) return;
    if ("fatal" in answer) await this.refuse(answer.fatal, cause);
    else this.accept(answer, cause);
  }

  private async read(file: string): Promise<ConfigWorkerAnswer> {
    const read = await readConfigFile(file);
    if ("text" in read) {
      const thread = parseInWorker(read.text, { env: this.options.env, signal: this.ending.signal });
      this.thread = thread.catch(() => {});
      return thread;
    }
    if ("fatal" in read) return read;
    return { fatal: { place: "", message: this.missing(), severity: "error" } };
  }

  private missing(): string {
    if (this.creationFault === undefined)
      return "there is no such file, or it is a link to none: put it back";
    const folder = path.dirname(this.options.file);
    return `there is no such file and it cannot be made (${this.creationFault}): ${folder} must be a folder that Node-RED can write into`;
  }

  private accept(answer: ConfigText, cause: Cause): void {
    this.creationFault = undefined;
    const changed = this.adopt(answer);
    const problems = formatProblems(this.name, answer.problems, answer.hiddenProblems);
    this.say(problems, cause, (line, index) =>
      answer.problems[index]?.severity === "error"
        ? this.options.logger.error(line)
        : this.options.logger.warn(line),
    );
    if (changed) this.options.logger.info(`${this.name}: ${countOf(this.streams, "stream")}`);
    const problemCount = answer.problems.length + answer.hiddenProblems;
    this.handOn({ streams: this.streams, problems, problemCount }, changed || cause === "request");
  }

  private async refuse(fatal: Problem, cause: Cause): Promise<void> {
    let changed = false;
    let until = "the last good settings stay in force";
    if (!this.inForce) {
      const kept = await this.adoptKeptVersion();
      if (this.ending.signal.aborted) return;
      changed = true;
      until = kept === undefined ? "nothing is watched until then" : `${kept} is used until then`;
    }
    const refused = `${formatProblem(this.name, fatal)}; ${until}`;
    this.say([refused], cause, (line) => this.options.logger.error(line));
    const status = { streams: this.streams, problems: [refused], problemCount: 1, refused };
    this.handOn(status, changed || cause === "request");
  }

  /** @returns the name of the newest kept version that can be read; undefined when nothing but the defaults is left */
  private async adoptKeptVersion(): Promise<string | undefined> {
    for (let version = 1; version <= KEPT_VERSIONS; version++) {
      const answer = await this.read(`${this.options.file}.${version}`);
      if ("fatal" in answer) continue;
      this.adopt(answer);
      return `${this.name}.${version}`;
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
    if (cause === "request" && all === this.said) return;
    this.said = all;
    lines.forEach(log);
  }

  private handOn(status: ConfigStatus, config: boolean): void {
    this.options.onStatus(status);
    if (!config || !this.inForce) return;
    this.options.onConfig({
      streams: JSON.parse(this.inForce.streams.json) as Stream[],
      settings: JSON.parse(this.inForce.settings) as Settings,
    });
  }
}

/** "1 stream", "12 streams". */
export function countOf(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}
