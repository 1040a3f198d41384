import type { Query } from "../../contracts";
import { answerBody, failure, type Answer, type Question } from "./answer-query";
import { Refusal, type HistoryAnswer, type LongQuestion } from "./history";
import {
  barsQuestion,
  exportQuestion,
  historyQuestion,
  incidentsQuestion,
  transitionsQuestion,
  uptimeQuestion,
  type Parameters,
} from "./query-parameters";
import type { Store } from "./store";

/** Queries that the history answers: looked up in another thread, or read out piece by piece. */

const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";
const NAME_MISSING = "Say which stream: as msg.req.params.name, msg.stream or msg.payload.";

/** A long answer and how it is sent. */
export interface LongAnswer {
  headers: Record<string, string>;
  pieces: AsyncGenerator<Uint8Array, void, void>;
}

export async function lookUp(store: Store, question: Question): Promise<Answer | LongAnswer> {
  try {
    const long = longAnswer(store, question);
    if (long) return long;
    const { bytes, etag } = await shortAnswer(store, question);
    const type = question.query === "metrics" ? METRICS_TYPE : undefined;
    return answerBody(
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length),
      etag,
      question.ifNoneMatch,
      type,
    );
  } catch (error) {
    return refusalAnswer(error);
  }
}

/** @throws what is no refusal: a bug */
export function refusalAnswer(error: unknown): Answer {
  if (error instanceof Refusal) return failure(error.statusCode, error.code, error.message);
  throw error;
}

function shortAnswer(store: Store, { query, name, parameters }: Question): Promise<HistoryAnswer> {
  const given = parametersOf(parameters);
  const asked = store.asked();
  const key = JSON.stringify([query, query === "history" ? name : null, given, asked.timezone]);
  switch (query as Query) {
    case "history": {
      if (typeof name !== "string" || name === "") throw new Refusal(400, "stream_missing", NAME_MISSING);
      return store.ask(key, () => historyQuestion(given, name, asked));
    }
    case "incidents":
      return store.ask(key, () => incidentsQuestion(given, asked));
    case "uptime":
      return store.ask(key, () => uptimeQuestion(given, asked));
    case "bars":
      return store.ask(key, () => barsQuestion(given, asked));
    case "transitions":
      return store.askTransitions(transitionsQuestion(given));
    default:
      return store.askMetrics();
  }
}

function longAnswer(store: Store, { query, parameters }: Question): LongAnswer | undefined {
  const given = parametersOf(parameters);
  const asked = store.asked();
  const stamp = new Date(asked.now).toISOString().slice(0, 19).replaceAll(":", "-");
  const answer = (question: LongQuestion, type: string, name: string): LongAnswer => ({
    headers: {
      "content-type": type,
      "content-disposition": `attachment; filename="${name}"`,
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    },
    pieces: store.read(question),
  });
  if (query === "export.csv") {
    return answer(exportQuestion(given, "csv", asked), "text/csv; charset=utf-8", `streampulse-${stamp}.csv`);
  }
  if (query === "export.ndjson") {
    return answer(
      exportQuestion(given, "ndjson", asked),
      "application/x-ndjson",
      `streampulse-${stamp}.ndjson`,
    );
  }
  if (query === "backup") {
    return answer({ kind: "backup" }, "application/vnd.sqlite3", `streams-${stamp}.db`);
  }
  return undefined;
}

function parametersOf(given: unknown): Parameters {
  return typeof given === "object" && given !== null ? (given as Parameters) : {};
}
