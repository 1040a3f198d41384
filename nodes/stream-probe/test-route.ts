import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "zod";
import { firstIssue } from "../../common/first-issue";
import { MOST_FORM_STREAMS, urlCredential } from "../../common/form-streams";
import { MaskedUrlError, unmaskUrl } from "../../common/masked-url";
import { isSameOrigin } from "../../common/same-origin";
import { streamSchema } from "../../contracts/stream";
import { replyOf, type Reply } from "./obey-input";
import type { Tester } from "./test-desk";

/** What the editor's forms send. */
const requestSchema = z.object({
  stream: streamSchema,
  /** The node, and which of its credentials, that holds the URL's secrets where the form shows them masked. */
  node: z.string().max(100).optional(),
  slot: z
    .number()
    .int()
    .min(0)
    .max(MOST_FORM_STREAMS - 1)
    .optional(),
});

/** A request whose body Node-RED has parsed. */
type ParsedRequest = Pick<IncomingMessage, "headers"> & { body?: unknown };

/**
 * `POST stream-probe/test` of Node-RED's admin API: tries a URL as somebody typed it into a form. Whoever may deploy may
 * do so, and no page of another address: a form of such a page is no JSON, and its script is of another origin.
 * @param secretsOf the credentials of a deployed node
 */
export function testRoute(desk: Tester, secretsOf: (node: string) => Record<string, unknown> | undefined) {
  return (request: ParsedRequest, response: ServerResponse): void => {
    const answer = (reply: Reply) => {
      response.writeHead(reply.statusCode, {
        "content-type": "application/json; charset=utf-8",
        "cache-control": "no-store",
      });
      response.end(JSON.stringify(reply.payload));
    };
    replyTo(desk, secretsOf, request).then(answer, () =>
      answer(refused(500, "failed", "This failed inside StreamPulse; see the log.")),
    );
  };
}

async function replyTo(
  desk: Tester,
  secretsOf: (node: string) => Record<string, unknown> | undefined,
  { headers, body }: ParsedRequest,
): Promise<Reply> {
  if (!/^application\/json\b/i.test(headers["content-type"] ?? "")) {
    return refused(415, "not_json", "The request must be JSON.");
  }
  if ((headers.origin ?? headers.referer) !== undefined && !isSameOrigin({ headers })) {
    return refused(403, "wrong_origin", "A page of another address sent this request (Origin or Referer).");
  }
  const parsed = requestSchema.safeParse(body);
  if (!parsed.success) {
    const [, field] = parsed.error.issues[0]?.path ?? [];
    const problem = firstIssue(parsed.error).replace(/^stream\./, "");
    return refused(400, "invalid", problem, typeof field === "string" ? field : undefined);
  }
  const { stream, node, slot } = parsed.data;
  const secret =
    node !== undefined && slot !== undefined ? secretsOf(node)?.[urlCredential(slot)] : undefined;
  try {
    const url = unmaskUrl(stream.url, typeof secret === "string" ? secret : undefined);
    return replyOf(await desk.test({ ...stream, url }));
  } catch (error) {
    if (!(error instanceof MaskedUrlError)) throw error;
    return refused(400, "invalid", `url: ${error.message}`, "url");
  }
}

function refused(statusCode: number, code: string, message: string, field?: string): Reply {
  return replyOf({ refused: { statusCode, code, message, field } });
}
