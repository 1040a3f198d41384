import type { Check } from "../../contracts/check";
import type { Settings } from "../../contracts/settings";
import type { ProbeClient } from "./probe-client";
import type { ProbeInput } from "./probe-input";
import type { TestAnswer } from "./stream-tests";

/** What goes back to whoever sent a message that wants an answer. */
export interface Reply {
  statusCode: number;
  payload: Check | { error: { code: string; message: string; field?: string } };
}

/**
 * Does what a message asks.
 * @param settings of lists of streams that come without any
 * @returns undefined for messages that want no answer
 */
export function obey(
  client: ProbeClient,
  input: Exclude<ProbeInput, { kind: "wrong" }>,
  settings: Settings,
): Promise<Reply> | undefined {
  switch (input.kind) {
    case "streams":
      return void client.setStreams(input.streams, input.settings ?? settings, input.renames);
    case "confirmed":
      return void client.restore(input.states, input.lastSeq);
    case "check":
      return void client.checkNow(input.names, input.level);
    case "pause":
      return void client.pause(input.names);
    case "resume":
      return void client.resume(input.names);
    case "session":
      return void client.setWatched(input.stream, input.open);
    case "restart":
      return void client.restart();
    case "test":
      return client.test(input.stream).then(replyOf);
    case "wrong-test": {
      const { problem: message, field } = input;
      return Promise.resolve(replyOf({ refused: { statusCode: 400, code: "invalid", message, field } }));
    }
    case "nothing":
      return undefined;
  }
}

/** A test's answer, as it goes back. */
export function replyOf(answer: TestAnswer): Reply {
  if ("check" in answer) return { statusCode: 200, payload: answer.check };
  const { statusCode, code, message, field } = answer.refused;
  return { statusCode, payload: { error: { code, message, ...(field !== undefined && { field }) } } };
}
