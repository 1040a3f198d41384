import { createHash } from "node:crypto";
import { maskUrl } from "../../common/masked-url";
import { parseStreamUrl } from "../../common/stream-url";

/** What the store keeps of a stream's URL. */
export interface StoredUrl {
  /** Scheme, host and port. */
  origin: string;
  protocol: "rtsp" | "http";
  /** 48 bits of a hash of path and query; null when they may hold a credential. */
  pathHash: number | null;
}

/** Words that cameras use in paths and queries before a user name or password. */
const CREDENTIAL = /user|usr|login|pass|pwd|token|key|auth|secret|sign|session|cred/i;

/**
 * A rename made while the monitor was off is found by an unchanged URL, and a recorder serves dozens of streams under
 * one host: so path and query leave a hash. Where they may hold a password not even that is kept, because a weak
 * password can be guessed from its hash; such a rename is then found only while the monitor runs.
 *
 * @throws StreamUrlError
 */
export function storedUrl(url: string): StoredUrl {
  const { origin, protocol, path } = parseStreamUrl(url);
  const isSecret = CREDENTIAL.test(path) || maskUrl(origin + path) !== origin + path;
  const pathHash = isSecret ? null : createHash("sha256").update(path).digest().readUIntBE(0, 6);
  return { origin, protocol, pathHash };
}
