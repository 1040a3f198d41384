import type { ZodError } from "zod";
import { firstIssue } from "../../common/first-issue";
import type { Rename } from "../../common/renames";
import { readStreams } from "../../common/streams-message";
import { restartMessageSchema, sessionMessageSchema, testMessageSchema } from "../../contracts/edits";
import { commandMessageSchema, confirmedMessageSchema } from "../../contracts/messages";
import type { Settings } from "../../contracts/settings";
import type { StreamState } from "../../contracts/check";
import type { Stream } from "../../contracts/stream";

/** What a message asks of the probe. `problems` are sentences about the parts of it that were left out. */
export type ProbeInput =
  | { kind: "streams"; streams: Stream[]; settings?: Settings; renames: Rename[]; problems: string[] }
  | { kind: "confirmed"; states: StreamState[]; lastSeq: number }
  | { kind: "check"; names: string[]; level?: "deep" }
  | { kind: "pause" | "resume"; names: string[] }
  | { kind: "test"; stream: Stream }
  | { kind: "session"; stream: string; open: boolean }
  | { kind: "restart" }
  /** Not for the probe. */
  | { kind: "nothing" }
  /** A test that cannot be made; the one who asked is to be told. */
  | { kind: "wrong-test"; problem: string; field?: string }
  | { kind: "wrong"; problem: string };

/** Reads a message from any source. One wrong stream is left out alone. */
export function readInput(message: Record<string, unknown>): ProbeInput {
  const { topic, payload } = message;
  if (Array.isArray(payload) && topic === undefined) return readList(message);
  const read =
    typeof topic === "string" && Object.hasOwn(READERS, topic) ? READERS[topic as Topic] : undefined;
  if (read) return read(message);
  return {
    kind: "wrong",
    problem:
      'a message must be a list of streams, or have the topic "streams", "confirmed", "check", "pause" or "resume" ' +
      "with a payload of stream names (empty: all)",
  };
}

const READERS = {
  streams: readList,
  confirmed: (message: unknown): ProbeInput => {
    const parsed = confirmedMessageSchema.safeParse(message);
    if (!parsed.success) return wrong("confirmed", parsed.error);
    return { kind: "confirmed", states: parsed.data.payload, lastSeq: parsed.data.lastSeq };
  },
  check: readCommand,
  pause: readCommand,
  resume: readCommand,
  test: (message: unknown): ProbeInput => {
    const parsed = testMessageSchema.safeParse(message);
    if (parsed.success) return { kind: "test", stream: parsed.data.payload };
    const field = parsed.error.issues[0]?.path[1];
    const problem = firstIssue(parsed.error).replace(/^payload\./, "");
    return { kind: "wrong-test", problem, ...(typeof field === "string" && { field }) };
  },
  session: (message: unknown): ProbeInput => {
    const parsed = sessionMessageSchema.safeParse(message);
    return parsed.success ? { kind: "session", ...parsed.data.payload } : wrong("session", parsed.error);
  },
  restart: (message: unknown): ProbeInput => {
    const parsed = restartMessageSchema.safeParse(message);
    if (!parsed.success) return wrong("restart", parsed.error);
    return { kind: parsed.data.payload === "monitor" ? "restart" : "nothing" };
  },
  forget: (): ProbeInput => ({ kind: "nothing" }),
};
type Topic = keyof typeof READERS;

function wrong(topic: string, error: ZodError): ProbeInput {
  return { kind: "wrong", problem: `msg "${topic}": ${firstIssue(error)}` };
}

function readCommand(message: Record<string, unknown>): ProbeInput {
  const command = commandMessageSchema.safeParse(message);
  if (!command.success) return wrong(String(message.topic), command.error);
  const { topic: kind, level } = command.data;
  const names = namesOf(command.data.payload);
  return kind === "check" && level ? { kind, names, level } : { kind, names };
}

function namesOf(payload: string | string[] | null | undefined): string[] {
  if (typeof payload === "string") return payload ? [payload] : [];
  return payload ?? [];
}

function readList(message: Record<string, unknown>): ProbeInput {
  const read = readStreams(message);
  if (!read) return { kind: "wrong", problem: 'msg "streams": payload must be a list of streams' };
  return { kind: "streams", ...read };
}
