import { createHash, randomBytes } from "node:crypto";
import type { Credentials } from "./camera";

export interface DigestOptions extends Credentials {
  realm?: string;
  /** True: with `qop="auth"` and a counted client nonce (RFC 2617). False: as in RFC 2069, which most cameras speak. */
  qop?: boolean;
}

export type Verdict = "right" | "wrong" | "stale";

const MOST_NONCES = 1000;
const md5 = (text: string) => createHash("md5").update(text).digest("hex");

/** Digest access authentication of RFC 2617 with MD5: gives a fresh nonce in each challenge and knows only its own. */
export class DigestGuard {
  private readonly realm: string;
  /** The last count of each nonce that was given out. */
  private readonly nonces = new Map<string, number>();

  constructor(private readonly options: DigestOptions) {
    this.realm = options.realm ?? "Simulated camera";
  }

  /** @returns the value of `WWW-Authenticate` */
  challenge(stale = false): string {
    const nonce = randomBytes(16).toString("hex");
    this.nonces.set(nonce, 0);
    const oldest = this.nonces.keys().next().value;
    if (this.nonces.size > MOST_NONCES && oldest !== undefined) this.nonces.delete(oldest);
    const parts = [`realm="${this.realm}"`, `nonce="${nonce}"`, "algorithm=MD5"];
    if (this.options.qop) parts.push('qop="auth"');
    if (stale) parts.push("stale=TRUE");
    return `Digest ${parts.join(", ")}`;
  }

  /**
   * @param authorization the header's value
   * @returns `stale` when only the nonce is not, or no longer, one of ours: the client may ask again with a new one
   */
  verdict(method: string, uri: string, authorization: string | undefined): Verdict {
    const given = parseDigest(authorization);
    if (!given || given.get("uri") !== uri || given.get("realm") !== this.realm) return "wrong";
    if (given.get("username") !== this.options.username) return "wrong";
    if ((given.get("algorithm") ?? "MD5").toUpperCase() !== "MD5") return "wrong";
    if ((given.get("qop") ?? "") !== (this.options.qop ? "auth" : "")) return "wrong";
    if (given.get("response") !== this.expected(method, uri, given)) return "wrong";
    return this.isFresh(given) ? "right" : "stale";
  }

  private expected(method: string, uri: string, given: ReadonlyMap<string, string>): string {
    const ha1 = md5(`${this.options.username}:${this.realm}:${this.options.password}`);
    const ha2 = md5(`${method}:${uri}`);
    const nonce = given.get("nonce") ?? "";
    if (!this.options.qop) return md5(`${ha1}:${nonce}:${ha2}`);
    return md5(`${ha1}:${nonce}:${given.get("nc") ?? ""}:${given.get("cnonce") ?? ""}:auth:${ha2}`);
  }

  /** RFC 2617 section 3.2.2: a count that does not grow is a replay. */
  private isFresh(given: ReadonlyMap<string, string>): boolean {
    const nonce = given.get("nonce") ?? "";
    const last = this.nonces.get(nonce);
    if (last === undefined) return false;
    if (!this.options.qop) return true;
    const text = given.get("nc") ?? "";
    if (!/^[0-9a-f]{8}$/i.test(text) || parseInt(text, 16) <= last) return false;
    this.nonces.set(nonce, parseInt(text, 16));
    return true;
  }
}

function parseDigest(authorization: string | undefined): Map<string, string> | undefined {
  const parameters = /^Digest[ \t]+(.*)$/i.exec(authorization ?? "")?.[1];
  if (parameters === undefined) return undefined;
  const found = new Map<string, string>();
  for (const match of parameters.matchAll(/([a-z]+)[ \t]*=[ \t]*(?:"([^"]*)"|([^\s,"]+))/gi)) {
    found.set((match[1] as string).toLowerCase(), match[2] ?? match[3] ?? "");
  }
  return found;
}
