import { createHash } from "node:crypto";
import type { Logger } from "../../common/logger";
import { maskSecrets } from "../../common/masked-secrets";
import type { Rename } from "../../common/renames";
import { configMessageSchema, type ConfigAnswer } from "../../contracts/edits";
import { failure, type EditorAnswer } from "./config-editor";
import type { ConfigStatus } from "./config-source";
import type { Environment } from "./environment";
import type { ProvidedStreams, Provider } from "./provider";
import { readFormStreams, type FormRead } from "./read-form";

const READ_ONLY =
  "The streams stand in the form of the stream-config node: change them in Node-RED's editor, or let the node read a file.";

export interface FormConfigOptions {
  /** As the flow holds them. */
  lines: unknown;
  /** The node's credentials. */
  secrets: Environment;
  env: Environment;
  logger: Logger;
  /** The names of the lines, by their ids, when this node was last deployed; undefined: it was not. */
  before: ReadonlyMap<string, string> | undefined;
  onMessage(message: ProvidedStreams): void;
  onStatus(status: ConfigStatus): void;
}

/** Streams of the node's own form. They change only by a deploy, which makes another one of these. */
export class FormConfig implements Provider {
  private readonly read: FormRead;

  constructor(private readonly options: FormConfigOptions) {
    this.read = readFormStreams(options.lines, options.secrets, options.env);
  }

  /** The names of the lines, by their ids. */
  get names(): ReadonlyMap<string, string> {
    return new Map([...this.read.ids].map(([name, id]) => [id, name]));
  }

  start(): Promise<void> {
    const { problems, streams } = this.read;
    for (const problem of problems) this.options.logger.error(problem);
    this.options.onStatus({ streams: streams.length, problems, problemCount: problems.length });
    this.hand(this.renames());
    return Promise.resolve();
  }

  reload(): Promise<void> {
    this.hand([]);
    return Promise.resolve();
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  answer(message: Readonly<Record<string, unknown>>): Promise<EditorAnswer> | undefined {
    if (message.topic === "config") return Promise.resolve(this.show(message));
    if (message.topic !== "edit" && message.topic !== "import") return undefined;
    return Promise.resolve(failure(409, "read_only", READ_ONLY));
  }

  /** Without settings: those of the probe's own form count. */
  private hand(renames: Rename[]): void {
    const message: ProvidedStreams = { topic: "streams", payload: structuredClone(this.read.streams) };
    this.options.onMessage(renames.length > 0 ? { ...message, renames } : message);
  }

  private renames(): Rename[] {
    const renames: Rename[] = [];
    for (const [name, id] of this.read.ids) {
      const from = this.options.before?.get(id);
      if (from !== undefined && from !== name) renames.push({ from, to: name });
    }
    return renames;
  }

  private show(message: Readonly<Record<string, unknown>>): EditorAnswer {
    const asked = configMessageSchema.safeParse(message);
    if (!asked.success || asked.data.format === "csv") return failure(409, "read_only", READ_ONLY);
    const { streams, problems } = this.read;
    const { stream: wanted } = asked.data;
    const shown = streams.filter(({ name }) => wanted === undefined || name === wanted);
    if (wanted !== undefined && shown.length === 0) {
      return failure(404, "stream_not_found", "There is no stream of this name.");
    }
    const payload: ConfigAnswer = {
      revision: createHash("sha256").update(JSON.stringify(streams)).digest("hex").slice(0, 16),
      streams: maskSecrets(shown) as Record<string, unknown>[],
      settings: {},
      problems,
      read_only: READ_ONLY,
    };
    return { statusCode: 200, payload };
  }
}
