import { z } from "zod";
import { restartMessageSchema, settingsSchema, transitionMessageSchema } from "../../contracts";
import { firstIssue } from "../../common/first-issue";
import type { MqttService } from "./mqtt-service";

const settingsMessageSchema = z.object({ settings: settingsSchema.prefault({}) });
const answerSchema = z.object({
  question: z.string().max(200),
  statusCode: z.number().int(),
  payload: z.union([z.string(), z.instanceof(Uint8Array)]),
});
const editedSchema = z.object({
  edited: z.string(),
  statusCode: z.number().int(),
});
const imageSchema = z.object({ stream: z.string().min(1), payload: z.instanceof(Uint8Array) });

/** @returns what is wrong with the message */
type Receiver = (service: MqttService, message: Record<string, unknown>) => string | undefined;

const live: Receiver = (service, message) => service.current?.streams?.receiveLive(message);

const RECEIVERS = new Map<unknown, Receiver>([
  [
    "streams",
    (service, message) => {
      const parsed = settingsMessageSchema.safeParse(message);
      if (!parsed.success) return firstIssue(parsed.error);
      service.configure(parsed.data.settings);
      return undefined;
    },
  ],
  [
    "transition",
    (service, message) => {
      const parsed = transitionMessageSchema.safeParse(message);
      if (!parsed.success) return firstIssue(parsed.error);
      service.current?.streams?.receiveTransition(parsed.data.payload);
      return undefined;
    },
  ],
  // they come on the wires of the others
  ["outage", () => undefined],
  ["forget", () => undefined],
  ["snapshot", live],
  ["changes", live],
  [
    "question",
    (service, message) => {
      const parsed = answerSchema.safeParse(message);
      if (!parsed.success) return firstIssue(parsed.error);
      const { question, statusCode, payload } = parsed.data;
      service.current?.answer(
        question,
        statusCode,
        typeof payload === "string" ? payload : Buffer.from(payload),
      );
      return undefined;
    },
  ],
  [
    "edit",
    (service, message) => {
      const parsed = editedSchema.safeParse(message);
      if (!parsed.success) return firstIssue(parsed.error);
      service.current?.streams?.receiveEdited(parsed.data.edited, parsed.data.statusCode, message.payload);
      return undefined;
    },
  ],
  [
    "restart",
    (service, message) => {
      const parsed = restartMessageSchema.safeParse(message);
      if (!parsed.success) return firstIssue(parsed.error);
      if (parsed.data.payload === "mqtt") service.restart();
      return undefined;
    },
  ],
  [
    "test",
    (service, message) => {
      service.test(message);
      return undefined;
    },
  ],
  [
    "snapshot-image",
    (service, message) => {
      const parsed = imageSchema.safeParse(message);
      if (!parsed.success) return firstIssue(parsed.error);
      const { stream, payload } = parsed.data;
      return service.current?.streams?.receiveImage(stream, Buffer.from(payload));
    },
  ],
]);

/**
 * Hands a message of a wire to the service.
 * @throws Error with one sentence that says what is wrong
 */
export function receiveMessage(service: MqttService, message: Record<string, unknown>): void {
  const receiver = RECEIVERS.get(message.topic);
  if (!receiver) {
    const topic = typeof message.topic === "string" ? `"${message.topic.slice(0, 50)}"` : "none";
    const known = [...RECEIVERS.keys()].join(", ");
    throw new Error(`mqtt-status takes messages with the topic ${known}; this one has ${topic}.`);
  }
  const problem = receiver(service, message);
  if (problem !== undefined) throw new Error(`A message "${String(message.topic)}" is wrong: ${problem}.`);
}
