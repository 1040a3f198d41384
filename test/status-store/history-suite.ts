import type { TestContext } from "node:test";
import { systemClock } from "../../common/clock";
import { Refusal, type LongQuestion } from "../../nodes/status-store/history";
import { lookUp } from "../../nodes/status-store/answer-lookup";
import { Store } from "../../nodes/status-store/store";
import { fixture } from "../support/fixtures";
import { RecordingLogger } from "../support/recording-logger";
import { temporaryFolder } from "../support/temporary-folder";
import path from "node:path";

/** What the tests of the history share: a store of either kind, and questions to it. */

export const V22_DATABASE = fixture("v2.2", "streams.db");

export interface Asking {
  store: Store;
  logger: RecordingLogger;
  folder: string;
  file: string;
  /** The answer's JSON, with its status code as `code` where it is not 200. */
  ask: <Answer = Record<string, unknown>>(
    query: string,
    parameters?: object,
    name?: string,
  ) => Promise<Answer>;
  /** The whole text of a long answer. */
  text: (question: LongQuestion) => Promise<string>;
}

export async function startedStore(
  context: TestContext,
  kind: "file" | "memory",
  folder = temporaryFolder(context),
): Promise<Asking> {
  const logger = new RecordingLogger();
  const file = path.join(folder, "streams.db");
  const store = new Store({ file, memory: kind === "memory", clock: systemClock, logger });
  context.after(() => store.stop());
  store.start();
  await new Promise<void>((resolve) => store.whenRead(resolve));
  return {
    ...{ store, logger, folder, file },
    ask: async <Answer>(query: string, parameters: object = {}, name?: string) => {
      const answer = await lookUp(store, { query, parameters, name });
      if ("pieces" in answer) throw new Error("a long answer");
      const value = JSON.parse(String(answer.payload)) as object;
      return (answer.statusCode === 200 ? value : { ...value, code: answer.statusCode }) as Answer;
    },
    text: async (question) => {
      const pieces: Uint8Array[] = [];
      for await (const piece of store.read(question)) pieces.push(piece);
      return Buffer.concat(pieces).toString();
    },
  };
}

export async function refusalOf(work: Promise<unknown>): Promise<Refusal> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error("it was not refused");
}
