/**
 * Reads a stream's URL as people write them, with passwords that no URL parser accepts (`p@ss#1/2`), and gives its
 * parts, decoded where a protocol needs them so. Nothing here ever puts credentials into an error.
 */

/** The one list of schemes: which protocol each speaks, where it is when a URL names no port, and whether it has TLS. */
const SCHEMES = {
  rtsp: { protocol: "rtsp", port: 554, secure: false },
  rtsps: { protocol: "rtsp", port: 322, secure: true },
  http: { protocol: "http", port: 80, secure: false },
  https: { protocol: "http", port: 443, secure: true },
} as const;
export type StreamScheme = keyof typeof SCHEMES;
export type StreamProtocol = (typeof SCHEMES)[StreamScheme]["protocol"];

export interface StreamUrl {
  scheme: StreamScheme;
  /** True for rtsps and https. */
  secure: boolean;
  protocol: StreamProtocol;
  /** Decoded; undefined when the URL has no user part. */
  username?: string;
  password?: string;
  /** Host name or address; an IPv6 address without brackets. */
  host: string;
  port: number;
  /** Path and query as they go on the wire, beginning with `/`; never a fragment. */
  path: string;
  /** Scheme, host and port: all of a URL that may be shown to anybody. */
  origin: string;
  /** The URL without credentials, as it goes on the wire in an RTSP request line. */
  target: string;
}

/** The message is a sentence without subject, to follow "url": "must begin with …". */
export class StreamUrlError extends Error {}

const MOST_CHARACTERS = 2048;
const HOST_AND_PORT = /^(?:\[([0-9A-Fa-f:.]+(?:%[\w.-]+)?)\]|([^\s:@/?#[\]\\<>"'`{}|^%]+))(?::(\d{1,5}))?$/;

/** @throws StreamUrlError when no such URL can be opened */
export function parseStreamUrl(text: string): StreamUrl {
  if (text.length > MOST_CHARACTERS)
    throw new StreamUrlError(`must not be longer than ${MOST_CHARACTERS} characters`);
  if (/[\u0000-\u0020\u007f-\u009f\u2028\u2029]/.test(text.trim())) {
    throw new StreamUrlError("must not contain spaces or control characters (write a space as %20)");
  }
  const url = text.trim();
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(url)?.[1]?.toLowerCase();
  if (!scheme || !isStreamScheme(scheme)) {
    const found = scheme ? `, not ${scheme.slice(0, 20)}://` : "";
    throw new StreamUrlError(`must begin with ${listOf(Object.keys(SCHEMES))}${found}`);
  }
  const { userinfo, hostAndPort, rest } = splitAuthority(url.slice(scheme.length + 3));
  const match = HOST_AND_PORT.exec(hostAndPort);
  if (!match) {
    throw new StreamUrlError(
      "has no host name or address that can be read (write special characters of a password as %XX, such as %2F for /)",
    );
  }
  const host = (match[1] ?? match[2]) as string;
  const { protocol, secure, port: usualPort } = SCHEMES[scheme];
  const port = match[3] === undefined ? usualPort : Number(match[3]);
  if (port < 1 || port > 65_535) throw new StreamUrlError("must have a port from 1 to 65535");

  const path = normalizePath(rest);
  const shownPort = match[3] === undefined || port === usualPort ? "" : `:${port}`;
  const origin = `${scheme}://${host.includes(":") ? `[${host}]` : host}${shownPort}`;
  const colon = userinfo?.indexOf(":") ?? -1;
  return {
    scheme,
    secure,
    protocol,
    username: userinfo === undefined ? undefined : decode(colon < 0 ? userinfo : userinfo.slice(0, colon)),
    password: userinfo === undefined ? undefined : colon < 0 ? "" : decode(userinfo.slice(colon + 1)),
    host,
    port,
    path,
    origin,
    target: origin + path,
  };
}

function isStreamScheme(scheme: string): scheme is StreamScheme {
  return Object.hasOwn(SCHEMES, scheme);
}

/** "rtsp://, http:// or https://" */
function listOf(schemes: readonly string[]): string {
  const all = schemes.map((scheme) => `${scheme}://`);
  return `${all.slice(0, -1).join(", ")} or ${all.at(-1)}`;
}

/**
 * RFC 3986 ends the authority at the first `/`, `?` or `#`, and passwords that contain one of them or an `@` unescaped
 * are common. The first `@` that is followed by something that reads as `host[:port]` ends the user part. Nobody
 * writes a fragment with an `@` into a stream's URL, so such a `#` belongs to a password, and so does an `@` before it.
 */
export function splitAuthority(afterScheme: string): {
  userinfo?: string;
  hostAndPort: string;
  rest: string;
} {
  const end = afterScheme.search(/[/?#]/);
  const authority = end < 0 ? afterScheme : afterScheme.slice(0, end);
  const rest = end < 0 ? "" : afterScheme.slice(end);
  const lastAt = authority.lastIndexOf("@");
  const hostAndPort = authority.slice(lastAt + 1);
  const asWritten = { userinfo: lastAt < 0 ? undefined : authority.slice(0, lastAt), hostAndPort, rest };
  const hash = afterScheme.indexOf("#");
  const from = hash >= 0 && afterScheme.includes("@", hash) ? hash : 0;
  if (from === 0 && HOST_AND_PORT.test(hostAndPort)) return asWritten;
  for (let at = afterScheme.indexOf("@", from); at >= 0; at = afterScheme.indexOf("@", at + 1)) {
    const after = afterScheme.slice(at + 1);
    const hostEnd = after.search(/[/?#]/);
    const candidate = hostEnd < 0 ? after : after.slice(0, hostEnd);
    if (HOST_AND_PORT.test(candidate)) {
      return {
        userinfo: afterScheme.slice(0, at),
        hostAndPort: candidate,
        rest: hostEnd < 0 ? "" : after.slice(hostEnd),
      };
    }
  }
  return asWritten;
}

/** A fragment is never sent; characters outside ASCII go as UTF-8 in %XX. */
function normalizePath(rest: string): string {
  const hash = rest.indexOf("#");
  let path = hash < 0 ? rest : rest.slice(0, hash);
  if (!path.startsWith("/")) path = `/${path}`;
  // encodeURI would escape an existing % once more
  return path.replace(/[^\x21-\x7e]+/g, (characters) => encodeURIComponent(characters.toWellFormed()));
}

/** Decodes %XX and leaves a stray % as it is, since people write passwords as they are. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The URL with its credentials, if any, in the one spelling that every program reads the same way. */
export function wholeUrl({ scheme, target, username, password }: StreamUrl): string {
  if (username === undefined) return target;
  const encode = (text: string) => encodeURIComponent(text.toWellFormed());
  return `${scheme}://${encode(username)}:${encode(password ?? "")}@${target.slice(scheme.length + 3)}`;
}
