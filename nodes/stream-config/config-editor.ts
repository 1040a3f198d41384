import type { z } from "zod";
import { firstIssue } from "../../common/first-issue";
import type { Logger } from "../../common/logger";
import { maskSecrets } from "../../common/masked-secrets";
import {
  configMessageSchema,
  editMessageSchema,
  importMessageSchema,
  type ConfigAnswer,
  type ConfigMessage,
  type EditErrorAnswer,
  type EditMessage,
  type ImportMessage,
} from "../../contracts/edits";
import type { Service } from "../../contracts/settings";
import type { EditOutcome, Refusal, ViewAnswer } from "./config-desk";
import { ChangedMeanwhile, revisionOf, SaveFault } from "./config-file";
import type { ConfigSource } from "./config-source";
import { ConfigThread, ThreadEnded, ThreadFault } from "./config-thread";
import type { Environment } from "./environment";
import { formatProblem, formatProblems } from "./problem";

/** What goes back to whoever asked. */
export interface EditorAnswer {
  statusCode: number;
  /** Text only where text was asked for. */
  payload: object | string;
  headers?: Record<string, string>;
}

export interface ConfigEditorOptions {
  source: ConfigSource;
  env: Environment;
  logger: Logger;
  /** Streams that were deleted with their history, once they are gone. */
  onForget: (names: string[]) => void;
  /** A service that is to begin anew. */
  onRestart: (service: Service) => void;
  /** How long a text of another system may take. */
  importTimeoutMs?: number;
}

/** How often an edit is made anew on a file that changes under it. */
const MOST_TRIES = 5;
const MOST_LEVELS = 12;

/** Answers the messages of contracts/edits.ts: shows config.yaml, changes it, and imports into it. */
export class ConfigEditor {
  private readonly readers = new Set<ConfigThread>();

  constructor(private readonly options: ConfigEditorOptions) {}

  /** @returns undefined when the message is none of these */
  answer(message: Readonly<Record<string, unknown>>): Promise<EditorAnswer> | undefined {
    switch (message.topic) {
      case "config":
        return this.checked(configMessageSchema, message, (asked) => this.show(asked));
      case "edit":
        return this.checked(editMessageSchema, message, (asked) => this.edit(asked));
      case "import":
        return this.checked(importMessageSchema, message, (asked) => this.import(asked));
      default:
        return undefined;
    }
  }

  /** Ends what is being read. */
  async stop(): Promise<void> {
    await Promise.all([...this.readers].map((reader) => reader.stop()));
  }

  private async checked<Schema extends z.ZodType>(
    schema: Schema,
    message: Readonly<Record<string, unknown>>,
    work: (asked: z.output<Schema>) => Promise<EditorAnswer>,
  ): Promise<EditorAnswer> {
    if (isDeeper(message.payload, MOST_LEVELS))
      return failure(400, "bad_request", "The request is nested too deeply.");
    const parsed = schema.safeParse({ ...message, revision: plainRevision(message.revision) });
    if (!parsed.success) {
      const issue = firstIssue(parsed.error).replace(/^payload\.?/, "");
      return failure(400, "bad_request", `The request is wrong: ${issue}.`);
    }
    try {
      return await work(parsed.data);
    } catch (error) {
      return this.failed(error);
    }
  }

  private async show({ stream, format }: ConfigMessage): Promise<EditorAnswer> {
    const { source } = this.options;
    return source.alone(async () => {
      const read = await source.file.read();
      if (!("bytes" in read)) return this.showInForce(readFault(read, source.file.name), "");
      const revision = revisionOf(read.bytes);
      if (format === "csv") {
        const table = await source.thread.ask("csv", { text: read.text });
        if ("refused" in table) return refusal(table);
        return { statusCode: 200, payload: table.csv, headers: CSV_HEADERS };
      }
      const view = await source.thread.ask("view", { text: read.text, stream });
      if (!("refused" in view)) return answered(200, await this.configAnswer(view, revision), revision);
      const { status, error } = view.refused;
      return status === 409 ? this.showInForce(error.message, revision) : refusal(view);
    });
  }

  private async configAnswer(view: ViewAnswer, revision: string): Promise<ConfigAnswer> {
    const { file } = this.options.source;
    const { streams, settings, problems, hiddenProblems } = view;
    return {
      revision,
      streams,
      settings,
      problems: formatProblems(file.name, problems, hiddenProblems),
      read_only: (await file.writeProblem()) ?? null,
    };
  }

  /** What the file says cannot be read: this is what counts until it is mended. */
  private showInForce(problem: string, revision: string): EditorAnswer {
    const { streams = [], settings = {} } = this.options.source.config ?? {};
    const answer: ConfigAnswer = {
      revision,
      streams: maskSecrets(streams) as Record<string, unknown>[],
      settings: maskSecrets(settings) as Record<string, unknown>,
      problems: [problem],
      read_only: problem,
    };
    return answered(200, answer, revision);
  }

  private edit({ payload, revision }: EditMessage): Promise<EditorAnswer> {
    return this.change(revision, (text) => this.options.source.thread.ask("edit", { text, edit: payload }));
  }

  private async import({ payload, revision }: ImportMessage): Promise<EditorAnswer> {
    const { text: source, format, ...options } = payload;
    const imported = await this.recognise(source, format);
    if ("refused" in imported) return refusal(imported);
    return this.change(revision, (text) =>
      this.options.source.thread.ask("import", { text, imported, options }),
    );
  }

  /** In a thread of its own, which a text of strangers may exhaust. */
  private async recognise(source: string, format: ImportMessage["payload"]["format"]) {
    const reader = new ConfigThread(this.options.env, this.options.importTimeoutMs ?? 8000);
    this.readers.add(reader);
    try {
      return await reader.ask("recognise", { source, format });
    } catch (error) {
      if (!(error instanceof ThreadFault)) throw error;
      return {
        refused: { status: 400, error: { code: "unreadable_import", message: `The text ${error.message}.` } },
      };
    } finally {
      this.readers.delete(reader);
      await reader.stop();
    }
  }

  /**
   * Makes a change on what is on the disk now, and saves it when that is still there.
   * @param revision what the editor had read; undefined: whatever is there
   */
  private async change(
    revision: string | undefined,
    make: (text: string) => Promise<EditOutcome | Refusal>,
  ): Promise<EditorAnswer> {
    const { source } = this.options;
    return source.alone(async () => {
      for (let tries = 1; tries <= MOST_TRIES; tries++) {
        const read = await source.file.read();
        if (!("bytes" in read)) return failure(409, "unreadable", readFault(read, source.file.name));
        const before = revisionOf(read.bytes);
        if (revision !== undefined && revision !== before) return changedMeanwhile();
        const outcome = await make(read.text);
        if ("refused" in outcome) return refusal(outcome);
        if (!outcome.saved) return this.done(outcome, before);
        try {
          const bytes = await source.file.save(outcome.saved.text, read.bytes);
          return this.done(outcome, revisionOf(bytes));
        } catch (error) {
          if (!(error instanceof ChangedMeanwhile)) throw error;
        }
      }
      return changedMeanwhile();
    });
  }

  private done({ status, payload, saved, restart }: EditOutcome, revision: string): EditorAnswer {
    const { source, onForget, onRestart } = this.options;
    if (saved) {
      source.take(saved.config, revision, saved.renames);
      if (saved.forget.length > 0) onForget(saved.forget);
    }
    if (restart) onRestart(restart);
    return answered(status, { revision, ...payload }, revision);
  }

  private failed(error: unknown): EditorAnswer {
    const { source, logger } = this.options;
    if (error instanceof SaveFault) {
      logger.error(error.message);
      return error.isForbidden
        ? failure(409, "read_only", error.message)
        : failure(500, "not_saved", error.message);
    }
    if (error instanceof ThreadFault)
      return failure(409, "unreadable", `${source.file.name} ${error.message}.`);
    if (error instanceof ThreadEnded) {
      return failure(503, "stopping", "This part of StreamPulse is being stopped or deployed: try again.");
    }
    logger.error(`${source.file.name}: ${error instanceof Error ? error.message : String(error)}`);
    return failure(500, "internal_error", "This failed inside StreamPulse; see the log.");
  }
}

const JSON_HEADERS = { "content-type": "application/json; charset=utf-8", "cache-control": "no-store" };
const CSV_HEADERS = {
  "content-type": "text/csv; charset=utf-8",
  "cache-control": "no-store",
  "content-disposition": 'attachment; filename="streams.csv"',
};

function answered(statusCode: number, payload: object, revision: string): EditorAnswer {
  const etag = revision === "" ? undefined : { etag: `"${revision}"` };
  return { statusCode, payload, headers: { ...JSON_HEADERS, ...etag } };
}

export function failure(statusCode: number, code: string, message: string): EditorAnswer {
  const payload: EditErrorAnswer = { error: { code, message } };
  return { statusCode, payload, headers: JSON_HEADERS };
}

function refusal({ refused }: Refusal): EditorAnswer {
  return { statusCode: refused.status, payload: { error: refused.error }, headers: JSON_HEADERS };
}

function changedMeanwhile(): EditorAnswer {
  return failure(
    409,
    "changed_meanwhile",
    "Somebody has changed the configuration since you opened it. Nothing was saved: load it again and repeat your change.",
  );
}

function readFault(
  read: { missing: true } | { fatal: Parameters<typeof formatProblem>[1] },
  name: string,
): string {
  if ("fatal" in read) return `${formatProblem(name, read.fatal)}; nothing is changed until that is mended.`;
  return `${name} is not there: put it back; nothing is changed until then.`;
}

/** As it is given in `If-Match`, too: in quotes, and `*` for any. */
function plainRevision(revision: unknown): unknown {
  if (revision === null || revision === "" || revision === "*") return undefined;
  return typeof revision === "string" ? revision.replace(/^(?:W\/)?"(.*)"$/, "$1") : revision;
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}
