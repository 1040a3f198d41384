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

/** Answers the challenges of one camera: picks the strongest that it knows, and counts how often it used a nonce. */
export class Authorizer {
  private chosen?: {
    parameters: Map<string, string>;
    algorithm?: (typeof ALGORITHMS)[number]["hash"];
    session: boolean;
  };
  private uses = 0;

  constructor(
    private readonly credentials: Credentials,
    private readonly clientNonce = () => randomBytes(8).toString("hex"),
  ) {}

  /**
   * @param challenges all WWW-Authenticate headers of a 401
   * @returns false when none of them is one that we can answer
   */
  accept(challenges: readonly string[]): boolean {
    const parsed = challenges.flatMap(parseChallenges);
    this.uses = 0;
    for (const { name, hash } of ALGORITHMS) {
      for (const challenge of parsed) {
        const [asked, session] = algorithmOf(challenge);
        if (challenge.scheme === "digest" && asked === name) {
          this.chosen = { parameters: challenge.parameters, algorithm: hash, session };
          return true;
        }
      }
    }
    const basic = parsed.find(({ scheme }) => scheme === "basic");
    this.chosen = basic && { parameters: basic.parameters, session: false };
    return basic !== undefined;
  }

  /**
   * The Authorization header for one request; undefined before a challenge was accepted.
   * @param uri as in the request line, which the digest covers
   */
  header(method: string, uri: string): string | undefined {
    if (!this.chosen) return undefined;
    const { parameters, algorithm, session } = this.chosen;
    if (algorithm) {
      const nc = (++this.uses).toString(16).padStart(8, "0");
      return digest(parameters, algorithm, session, this.credentials, method, uri, this.clientNonce(), nc);
    }
    const { username, password } = this.credentials;
    return `Basic ${Buffer.from(`${username}:${password}`, "utf8").toString("base64")}`;
  }
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
  nc: string,
): string {
  const h = (text: string) => hash(algorithm, Buffer.from(text, "latin1"));
  const username = utf8Bytes(credentials.username);
  const password = utf8Bytes(credentials.password);
  const realm = challenge.get("realm") ?? "";
  const nonce = challenge.get("nonce") ?? "";
  const offered = (challenge.get("qop") ?? "").toLowerCase().split(/[\s,]+/);
  // auth-int would want the body, which our requests do not have: its hash is that of the empty text
  const qop = offered.includes("auth") ? "auth" : offered.includes("auth-int") ? "auth-int" : undefined;

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
