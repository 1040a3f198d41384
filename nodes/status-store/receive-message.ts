import { z } from "zod";
import {
  checkSchema,
  deliveredMessageSchema,
  forgetMessageSchema,
  streamSchema,
  streamsMessageSchema,
  streamStateSchema,
  transitionMessageSchema,
} from "../../contracts";
import { firstIssue } from "../../common/first-issue";
import type { Store } from "./store";

/**
 * Hands a message of a wire to the store. In a list the entries that are right count, whatever is wrong with others.
 * @param source which node has received it
 * @throws Error with one sentence that says what is wrong
 */
export function receiveMessage(store: Store, message: Record<string, unknown>, source = ""): void {
  if (PASSED_OVER.has(message.topic)) return;
  const problem = RECEIVERS.get(message.topic)?.(store, message, source);
  if (problem === undefined && !RECEIVERS.has(message.topic)) {
    const topic = typeof message.topic === "string" ? `"${message.topic.slice(0, 50)}"` : "none";
    throw new Error(
      `status-store takes messages with the topic ${TOPICS.join(", ")}; this one has ${topic}.`,
    );
  }
  if (problem !== undefined) throw new Error(`A message "${String(message.topic)}" is wrong: ${problem}`);
}

type Receiver = (store: Store, message: Record<string, unknown>, source: string) => string | undefined;

const streamList = z.array(streamSchema);
const checkList = z.array(checkSchema);
const stateList = z.array(streamStateSchema);
const streamsHeadSchema = streamsMessageSchema.omit({ payload: true });

const RECEIVERS = new Map<unknown, Receiver>([
  [
    "streams",
    (store, message, source) => {
      const head = streamsHeadSchema.safeParse(message);
      if (!head.success) return `${firstIssue(head.error)}.`;
      const { good, problem } = goodEntries(streamList, message.payload);
      if (good) store.setStreams({ ...head.data, payload: good }, source);
      return problem;
    },
  ],
  [
    "checks",
    (store, message) => {
      const { good, problem } = goodEntries(checkList, message.payload);
      if (good) store.recordChecks(good);
      return problem;
    },
  ],
  [
    "transition",
    (store, message) => {
      const parsed = transitionMessageSchema.safeParse(message);
      if (!parsed.success) return `${firstIssue(parsed.error)}.`;
      store.recordTransition(parsed.data.payload);
      return undefined;
    },
  ],
  [
    "states",
    (store, message) => {
      const { good, problem } = goodEntries(stateList, message.payload);
      if (good) store.recordStates(good);
      return problem;
    },
  ],
  [
    "delivered",
    (store, message) => {
      const parsed = deliveredMessageSchema.safeParse(message);
      if (!parsed.success) return `${firstIssue(parsed.error)}.`;
      store.recordDelivered(parsed.data.payload.consumer, parsed.data.payload.seq);
      return undefined;
    },
  ],
  [
    "forget",
    (store, message) => {
      const parsed = forgetMessageSchema.safeParse(message);
      if (!parsed.success) return `${firstIssue(parsed.error)}.`;
      store.forget(parsed.data.payload);
      return undefined;
    },
  ],
]);

const TOPICS = [...RECEIVERS.keys(), "snapshot"].map(String);
/** They come on the wires of transitions and streams, and say nothing that the store has to know. */
const PASSED_OVER: ReadonlySet<unknown> = new Set(["outage", "restart"]);

interface Entries<T> {
  /** Undefined when there is no list at all. */
  good?: T[];
  problem?: string;
}

/** The whole list at once, since it is nearly always right; entry by entry only when it is not. */
function goodEntries<Entry extends z.ZodType>(
  list: z.ZodArray<Entry>,
  payload: unknown,
): Entries<z.output<Entry>> {
  const whole = list.safeParse(payload);
  if (whole.success) return { good: whole.data };
  if (!Array.isArray(payload)) return { problem: "payload: must be a list." };
  const parsed = payload.map((entry) => list.element.safeParse(entry));
  const good = parsed.filter((result) => result.success).map(({ data }) => data);
  const index = parsed.findIndex((result) => !result.success);
  const rest = payload.length - good.length;
  const issue = parsed[index]?.error ? firstIssue(parsed[index].error) : "is not valid";
  return { good, problem: `payload.${index}.${issue} (${rest} of ${payload.length} entries left out).` };
}
