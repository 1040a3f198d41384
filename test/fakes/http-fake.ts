import { createHash } from "node:crypto";
import type net from "node:net";
import type { Media } from "../../contracts/check";
import { answering, type Script } from "../support/scripted-camera";

/** A camera that plays one oddity of the field, and what is to be thought of it at media level. */
export interface HttpFake {
  name: string;
  /** The document, product or report that the oddity comes from. */
  source: string;
  script: Script;
  /** `/video` when not given; `http://` with credentials in front of the host where needed. */
  path?: string;
  scheme?: string;
  expected: string;
  media?: Media;
  timeoutMs?: number;
}

export function head(status: string, ...headers: string[]): string {
  return `${[status, ...headers].join("\r\n")}\r\n\r\n`;
}

/** Texts as bytes, one character a byte, and bytes as they are, one behind the other. */
export function bytes(...parts: (string | Buffer)[]): Buffer {
  return Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : part)));
}

/** Sends each part by itself and leaves the connection open, as a camera whose stream goes on. */
export function streaming(...parts: (string | Buffer)[]): Script {
  return answering((_, socket) => void sendEach(socket, parts));
}

/** Sends all and closes. */
export function ending(...parts: (string | Buffer)[]): Script {
  return answering((_, socket) => void socket.end(bytes(...parts)));
}

async function sendEach(socket: net.Socket, parts: (string | Buffer)[]): Promise<void> {
  for (const part of parts) {
    if (socket.destroyed) return;
    socket.write(bytes(part));
    // a packet of its own
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** In chunks (RFC 9112 §7.1), one for each part. */
export function chunks(...parts: (string | Buffer)[]): Buffer {
  return bytes(
    ...parts.flatMap((part) => [`${bytes(part).length.toString(16)}\r\n`, part, "\r\n"]),
    "0\r\n\r\n",
  );
}

export interface Resource {
  status?: string;
  type?: string;
  headers?: string[];
  body?: string | Buffer;
}

/** A web server with a few resources by path and query; others are 404. Each answer closes the connection. */
export function serving(
  resources: Record<string, string | Buffer | Resource | ((request: string) => Resource)>,
): Script {
  return answering((request, socket) => {
    const path = /^GET (\S+)/.exec(request)?.[1] ?? "";
    const found = Object.hasOwn(resources, path) ? resources[path] : { status: "404 Not Found", body: "" };
    const given = typeof found === "function" ? found(request) : found;
    const resource: Resource =
      typeof given === "string" || Buffer.isBuffer(given) ? { body: given } : (given ?? {});
    const { status = "200 OK", type, headers = [], body = "" } = resource;
    const lines = [...(type === undefined ? [] : [`Content-Type: ${type}`]), ...headers];
    socket.end(bytes(head(`HTTP/1.1 ${status}`, ...lines), body));
  });
}

/** True when the request answers a digest challenge of this realm and nonce, with qop auth, rightly (RFC 7616 §3.4). */
export function digestIsRight(request: string, user: string, password: string, realm: string): boolean {
  const field = (name: string) => new RegExp(`[ ,]${name}="?([^",\r]+)`, "i").exec(request)?.[1] ?? "";
  const md5 = (text: string) => createHash("md5").update(text).digest("hex");
  const path = /^GET (\S+)/.exec(request)?.[1] ?? "";
  const secret = md5(`${user}:${realm}:${password}`);
  const rest = [field("nonce"), field("nc"), field("cnonce"), field("qop"), md5(`GET:${path}`)].join(":");
  return field("response") !== "" && field("response") === md5(`${secret}:${rest}`);
}
