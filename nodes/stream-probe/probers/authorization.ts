import { hash, randomBytes } from "node:crypto";

/**
 * Answers WWW-Authenticate with Basic (RFC 7617) or Digest (RFC 7616, RFC 2617, RFC 2069).
 *
 * Heads are read and written as Latin-1, one character a byte, so that a realm in UTF-8 goes into the digest with the
 * bytes that the camera sent. Credentials are turned into UTF-8 bytes in the same manner.
 */

export interface Credentials {
  username: string;
  password: string;
}

interface Challenge {
  scheme: string;
  parameters: Map<string, string>;
}

/** Strongest first. MD5 is what nearly all cameras have. */
const ALGORITHMS = [
  { name: "SHA-512-256", hash: "sha512-256" },
  { name: "SHA-256", hash: "sha256" },
  { name: "MD5", hash: "md5" },
] as const;

/**
 * The Authorization header for a request, or undefined when no challenge is one that we can answer.
 *
 * @param challenges all WWW-Authenticate headers of the 401
 * @param uri as in the request line, which the digest covers
 */
export function authorize(
  challenges: readonly string[],
  credentials: Credentials,
  method: string,
  uri: string,
  clientNonce = () => randomBytes(8).toString("hex"),
): string | undefined {
  const parsed = challenges.flatMap(parseChallenges);
  for (const algorithm of ALGORITHMS) {
    for (const challenge of parsed) {
      const [name, session] = algorithmOf(challenge);
      if (challenge.scheme === "digest" && name === algorithm.name) {
        return digest(challenge.parameters, algorithm.hash, session, credentials, method, uri, clientNonce());
      }
    }
  }
  if (!parsed.some(({ scheme }) => scheme === "basic")) return undefined;
  return `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`, "utf8").toString("base64")}`;
}

/** True when the camera says that only the nonce was too old, not the password wrong. */
export function isStale(challenges: readonly string[]): boolean {
  return challenges
    .flatMap(parseChallenges)
    .some(({ parameters }) => parameters.get("stale")?.toLowerCase() === "true");
}

function algorithmOf({ parameters }: Challenge): [name: string, session: boolean] {
  const algorithm = (parameters.get("algorithm") ?? "MD5").toUpperCase();
  const session = algorithm.endsWith("-SESS");
  return [session ? algorithm.slice(0, -5) : algorithm, session];
}

function digest(
  challenge: Map<string, string>,
  algorithm: string,
  session: boolean,
  credentials: Credentials,
  method: string,
  uri: string,
  cnonce: string,
): string {
  const h = (text: string) => hash(algorithm, Buffer.from(text, "latin1"));
  const username = utf8Bytes(credentials.username);
  const password = utf8Bytes(credentials.password);
  const realm = challenge.get("realm") ?? "";
  const nonce = challenge.get("nonce") ?? "";
  const offered = (challenge.get("qop") ?? "").toLowerCase().split(/[\s,]+/);
  // auth-int would want the body, which our requests do not have: its hash is that of the empty text
  const qop = offered.includes("auth") ? "auth" : offered.includes("auth-int") ? "auth-int" : undefined;
  const nc = "00000001";

  const secret = h(`${username}:${realm}:${password}`);
  const ha1 = session ? h(`${secret}:${nonce}:${cnonce}`) : secret;
  const ha2 = h(qop === "auth-int" ? `${method}:${uri}:${h("")}` : `${method}:${uri}`);
  const response = h(qop ? `${ha1}:${nonce}:${nc}:${cnonce}:${qop}:${ha2}` : `${ha1}:${nonce}:${ha2}`);

  const parts = [
    `username=${quoted(username)}`,
    `realm=${quoted(realm)}`,
    `nonce=${quoted(nonce)}`,
    `uri=${quoted(uri)}`,
    `response="${response}"`,
  ];
  const asked = challenge.get("algorithm");
  if (asked !== undefined) parts.push(`algorithm=${asked}`);
  const opaque = challenge.get("opaque");
  if (opaque !== undefined) parts.push(`opaque=${quoted(opaque)}`);
  if (qop) parts.push(`qop=${qop}`, `nc=${nc}`);
  if (qop || session) parts.push(`cnonce="${cnonce}"`);
  return `Digest ${parts.join(", ")}`;
}

function utf8Bytes(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, "\\$&").replace(/[\r\n]/g, "")}"`;
}

/** One header can hold several challenges, and a comma separates both challenges and parameters (RFC 9110 §11.6.1). */
function parseChallenges(text: string): Challenge[] {
  const challenges: Challenge[] = [];
  const token = /([!#$%&'*+.^_`|~\w-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?\s*,?\s*/gy;
  for (let match = token.exec(text); match && match[0] !== ""; match = token.exec(text)) {
    const [, name, quotedValue, plainValue] = match;
    const value = quotedValue?.replace(/\\(.)/g, "$1") ?? plainValue;
    if (value === undefined)
      challenges.push({ scheme: (name as string).toLowerCase(), parameters: new Map() });
    else challenges.at(-1)?.parameters.set((name as string).toLowerCase(), value);
  }
  return challenges;
}
