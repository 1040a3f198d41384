import type { IncomingMessage } from "node:http";
import { textOfBytes } from "../../common/text-of-bytes";
import { BodyError, readBody } from "./answers";

/** body-parser, and all of Node-RED's parsers, leave a request alone whose body was read already. */
type ParsedRequest = IncomingMessage & { body?: unknown; _body?: boolean };

/**
 * Reads the body of a request on its way to a flow: Node-RED answers one that it cannot read with a bare 500, and takes
 * texts of any length. A form with files goes on as it is, because only the flow knows what it wants of it.
 *
 * @throws BodyError with a sentence for the sender
 */
export async function readFlowBody(request: ParsedRequest, mostBytes: number): Promise<void> {
  const { headers } = request;
  const length = headers["content-length"];
  if (length !== undefined && Number(length) > mostBytes) throw tooLong(mostBytes);
  if ((headers["content-encoding"] ?? "identity") !== "identity") {
    throw new BodyError(415, "The body must not be compressed.");
  }
  const type = (headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (type === "multipart/form-data") {
    if (length === undefined) throw new BodyError(411, "The request must say its Content-Length.");
    return;
  }
  const bytes = await readBody(request, mostBytes);
  request.body = bytes.length === 0 ? {} : parse(bytes, type);
  request._body = true;
}

function parse(bytes: Buffer, type: string): unknown {
  if (type === "application/json" || type.endsWith("+json")) {
    try {
      return JSON.parse(bytes.toString("utf8")) as unknown;
    } catch {
      throw new BodyError(400, "The body is not JSON.");
    }
  }
  if (type === "application/x-www-form-urlencoded") {
    return Object.fromEntries(new URLSearchParams(bytes.toString("utf8")));
  }
  return isText(type) ? textOfBytes(bytes) : bytes;
}

function isText(type: string): boolean {
  return (
    type === "" ||
    type.startsWith("text/") ||
    /^application\/(?:x-)?(?:yaml|mpegurl|vnd\.apple\.mpegurl)$/.test(type)
  );
}

function tooLong(mostBytes: number): BodyError {
  return new BodyError(413, `The body must not be longer than ${mostBytes} bytes.`);
}
