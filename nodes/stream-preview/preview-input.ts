import { firstIssue } from "../../common/first-issue";
import { readStreams, type ReadStreams } from "../../common/streams-message";
import type { Transition } from "../../contracts/check";
import { pictureMessageSchema, transitionMessageSchema } from "../../contracts/messages";

/** What a message asks of the node. */
export type PreviewInput =
  | ({ kind: "streams" } & ReadStreams)
  | { kind: "transition"; transition: Transition }
  | { kind: "picture"; stream: string; jpeg: Buffer }
  /** Somebody wants to look: live, or at one picture. The parameters are as they came. */
  | {
      kind: "preview" | "snapshot";
      name: unknown;
      parameters: Readonly<Record<string, unknown>>;
      /** It came by HTTP. */
      request?: HttpRequest;
    }
  /** For others on the same wires. */
  | { kind: "nothing" }
  | { kind: "wrong"; problem: string };

/** What an `http in` node leaves in a message, as far as it is needed here. */
export interface HttpRequest {
  method?: string;
  path?: string;
  params?: { name?: unknown };
  query?: Record<string, unknown>;
  headers?: Record<string, unknown>;
}

const FOR_OTHERS = ["outage", "states", "forget", "restart"];

export function readInput(message: Record<string, unknown>): PreviewInput {
  const { topic, payload } = message;
  const request = isRecord(message.req) ? (message.req as HttpRequest) : undefined;
  if (request) return readHttp(message, request);
  if (topic === "streams" || (topic === undefined && Array.isArray(payload))) {
    const read = readStreams(message);
    return read ? { kind: "streams", ...read } : wrong("streams", "payload must be a list of streams");
  }
  if (topic === "transition") {
    const parsed = transitionMessageSchema.safeParse(message);
    if (!parsed.success) return wrong(topic, firstIssue(parsed.error));
    return { kind: "transition", transition: parsed.data.payload };
  }
  if (topic === "picture") {
    const parsed = pictureMessageSchema.safeParse(message);
    if (!parsed.success) return wrong(topic, firstIssue(parsed.error));
    return { kind: "picture", stream: parsed.data.stream, jpeg: Buffer.from(parsed.data.payload) };
  }
  if (topic === "snapshot-image") {
    const parameters = isRecord(message.parameters) ? message.parameters : {};
    return { kind: "snapshot", name: message.stream, parameters };
  }
  if (FOR_OTHERS.includes(String(topic))) return { kind: "nothing" };
  return {
    kind: "wrong",
    problem:
      'a message must come from an http in node, be a list of streams, or have the topic "transition", "picture" or ' +
      '"snapshot-image" (with msg.stream)',
  };
}

/** The topic decides, and where there is none, the path: /snapshot/:name.jpg, or anything else for live pictures. */
function readHttp({ topic, stream }: Record<string, unknown>, request: HttpRequest): PreviewInput {
  const isSnapshot =
    topic === "snapshot-image" || (topic !== "preview" && /^\/snapshot\//.test(request.path ?? ""));
  const name = request.params?.name ?? stream;
  const parameters = isRecord(request.query) ? request.query : {};
  return { kind: isSnapshot ? "snapshot" : "preview", name, parameters, request };
}

function wrong(topic: string, problem: string): PreviewInput {
  return { kind: "wrong", problem: `msg "${topic}": ${problem}` };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
