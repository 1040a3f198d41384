import { streamsMessageSchema } from "../contracts/messages";
import { settingsSchema, type Settings } from "../contracts/settings";
import { streamSchema, type Stream } from "../contracts/stream";
import { firstIssue } from "./first-issue";
import type { Rename } from "./renames";

export interface ReadStreams {
  streams: Stream[];
  /** Undefined when there are none, or they are wrong. */
  settings?: Settings;
  renames: Rename[];
  /** Sentences about the parts that were left out. */
  problems: string[];
}

/**
 * Reads a list of streams from any source. One wrong stream is left out alone.
 * @returns undefined when the payload is no list
 */
export function readStreams(message: Record<string, unknown>): ReadStreams | undefined {
  if (!Array.isArray(message.payload)) return undefined;
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
  return { streams: [...streams.values()], settings: settings.data, renames: renames.data ?? [], problems };
}
