import { firstIssue } from "../../common/first-issue";
import type { Rename } from "../../common/renames";
import { commandMessageSchema, confirmedMessageSchema, streamsMessageSchema } from "../../contracts/messages";
import { settingsSchema, type Settings } from "../../contracts/settings";
import type { StreamState } from "../../contracts/check";
import { streamSchema, type Stream } from "../../contracts/stream";

/** What a message asks of the probe. `problems` are sentences about the parts of it that were left out. */
export type ProbeInput =
  | { kind: "streams"; streams: Stream[]; settings?: Settings; renames: Rename[]; problems: string[] }
  | { kind: "confirmed"; states: StreamState[]; lastSeq: number }
  | { kind: "check"; names: string[]; level?: "deep" }
  | { kind: "pause" | "resume"; names: string[] }
  | { kind: "wrong"; problem: string };

/** Reads a message from any source. One wrong stream is left out alone. */
export function readInput(message: Record<string, unknown>): ProbeInput {
  const { topic, payload } = message;
  if (topic === "streams" || (Array.isArray(payload) && topic === undefined)) return readStreams(message);
  if (topic === "confirmed") {
    const parsed = confirmedMessageSchema.safeParse(message);
    if (!parsed.success) return { kind: "wrong", problem: `msg "confirmed": ${firstIssue(parsed.error)}` };
    return { kind: "confirmed", states: parsed.data.payload, lastSeq: parsed.data.lastSeq };
  }
  const command = commandMessageSchema.safeParse(message);
  if (!command.success) {
    const known = commandMessageSchema.shape.topic.safeParse(topic).success;
    if (known) return { kind: "wrong", problem: `msg "${String(topic)}": ${firstIssue(command.error)}` };
    return {
      kind: "wrong",
      problem:
        'a message must be a list of streams, or have the topic "streams", "confirmed", "check", "pause" or "resume" ' +
        "with a payload of stream names (empty: all)",
    };
  }
  const { topic: kind, level } = command.data;
  const names = namesOf(command.data.payload);
  return kind === "check" && level ? { kind, names, level } : { kind, names };
}

function namesOf(payload: string | string[] | null | undefined): string[] {
  if (typeof payload === "string") return payload ? [payload] : [];
  return payload ?? [];
}

function readStreams(message: Record<string, unknown>): ProbeInput {
  if (!Array.isArray(message.payload))
    return { kind: "wrong", problem: 'msg "streams": payload must be a list of streams' };
  const problems: string[] = [];
  const streams = new Map<string, Stream>();
  message.payload.forEach((entry: unknown, index) => {
    const parsed = streamSchema.safeParse(entry);
    if (!parsed.success) problems.push(`streams[${index}] is left out: ${firstIssue(parsed.error)}`);
    else if (streams.has(parsed.data.name))
      problems.push(`streams[${index}] is left out: its name is taken already`);
    else streams.set(parsed.data.name, parsed.data);
  });
  const settings = settingsSchema.optional().safeParse(message.settings);
  if (!settings.success) problems.push(`settings are left out: ${firstIssue(settings.error)}`);
  const renames = streamsMessageSchema.shape.renames.safeParse(message.renames);
  return {
    kind: "streams",
    streams: [...streams.values()],
    settings: settings.data,
    renames: renames.data ?? [],
    problems,
  };
}
