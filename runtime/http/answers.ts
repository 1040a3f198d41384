import type { IncomingMessage, ServerResponse } from "node:http";

/** What every answer of our own carries. Never HSTS: whether there is TLS is the business of whoever puts it in front. */
export const SECURITY_HEADERS = {
  "Cache-Control": "no-store",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
  "Cross-Origin-Opener-Policy": "same-origin",
  // not no-referrer: browsers then send "Origin: null" with forms
  "Referrer-Policy": "same-origin",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
};

export type Headers = Record<string, string | string[]>;

/** Answers once: when something else has begun to, this does nothing. */
export function answer(response: ServerResponse, status: number, body: string, headers: Headers): void {
  if (response.headersSent) return;
  // RFC 9110, section 8.6: a 204 has no length
  const length = status === 204 ? {} : { "Content-Length": String(Buffer.byteLength(body)) };
  response.writeHead(status, { ...SECURITY_HEADERS, ...length, ...headers });
  response.end(response.req.method === "HEAD" ? undefined : body);
}

export function answerJson(response: ServerResponse, status: number, value: unknown, headers: Headers = {}) {
  const type = { "Content-Type": "application/json; charset=utf-8" };
  answer(response, status, `${JSON.stringify(value)}\n`, { ...type, ...headers });
}

/** The form of every error of the API (DESIGN §7). */
export function errorValue(code: string, message: string, field?: string): object {
  return { error: { code, message, field } };
}

export function answerError(
  response: ServerResponse,
  status: number,
  code: string,
  message: string,
  headers: Headers = {},
): void {
  answerJson(response, status, errorValue(code, message), headers);
}

export function redirect(response: ServerResponse, location: string, headers: Headers = {}): void {
  answer(response, 303, "", { Location: location, ...headers });
}

export class BodyError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Reads a small form, as browsers (application/x-www-form-urlencoded) or scripts (application/json) send it.
 * @returns the fields that are text
 * @throws BodyError with a sentence for the sender
 */
export async function readForm(request: IncomingMessage, mostBytes = 8192): Promise<Record<string, string>> {
  const text = (await readBody(request, mostBytes)).toString("utf8");
  const type = (request.headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase();
  if (type === "application/x-www-form-urlencoded")
    return textFields([...new URLSearchParams(text).entries()]);
  if (type !== "application/json") {
    throw new BodyError(415, "The body must be application/json or application/x-www-form-urlencoded.");
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new BodyError(400, "The body is not JSON.");
  }
  if (typeof value !== "object" || value === null)
    throw new BodyError(400, "The body must be a JSON object.");
  return textFields(Object.entries(value));
}

/** @throws BodyError when it is too long, or does not arrive whole */
export async function readBody(request: IncomingMessage, mostBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    // a destroyed request would take the connection along, and with it the answer
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > mostBytes) break;
      chunks.push(chunk);
    }
  } catch {
    throw new BodyError(400, "The body did not arrive whole.");
  }
  if (bytes > mostBytes) throw new BodyError(413, `The body must not be longer than ${mostBytes} bytes.`);
  return Buffer.concat(chunks);
}

function textFields(entries: [string, unknown][]): Record<string, string> {
  const texts = entries.filter((entry): entry is [string, string] => typeof entry[1] === "string");
  return Object.assign(Object.create(null) as Record<string, string>, Object.fromEntries(texts));
}

/** A browser that goes to a page, in contrast to a script that fetches data. */
export function isNavigation(request: IncomingMessage): boolean {
  if (request.method !== "GET") return false;
  const mode = request.headers["sec-fetch-mode"];
  if (mode !== undefined) return mode === "navigate";
  return (request.headers.accept ?? "").includes("text/html");
}
