import { isIPv6 } from "node:net";
import type { Clock } from "../../common/clock";

export interface RateLimitOptions {
  /** So many wrong tries cost nothing. */
  freeTries: number;
  /** The wait after the next one; it doubles with each further one. */
  firstDelayMs: number;
  mostDelayMs: number;
  /** A key without tries for so long begins anew. */
  forgetMs: number;
  /** Of so many keys the ones longest without a try are forgotten. */
  mostKeys: number;
}

/** By address: a person who mistypes is not stopped; a machine gets some hundred tries a day. */
export const BY_ADDRESS: RateLimitOptions = {
  freeTries: 5,
  firstDelayMs: 1000,
  mostDelayMs: 15 * 60_000,
  forgetMs: 24 * 3_600_000,
  mostKeys: 10_000,
};

/**
 * For the account, against tries from many addresses. Its waits stay short, or anybody could lock the owner out.
 */
export const BY_ACCOUNT: RateLimitOptions = {
  freeTries: 50,
  firstDelayMs: 500,
  mostDelayMs: 10_000,
  forgetMs: 3_600_000,
  mostKeys: 10,
};

interface Tries {
  wrong: number;
  lastAt: number;
  notBefore: number;
}

/** Slows down whoever guesses. A try counts as wrong from its beginning, so that many at once gain nothing. */
export class RateLimit {
  private readonly keys = new Map<string, Tries>();

  constructor(
    private readonly options: RateLimitOptions,
    private readonly clock: Pick<Clock, "now">,
  ) {}

  /** @returns milliseconds to wait before the next try; 0 when one may begin now */
  waitMs(key: string): number {
    return Math.max(0, (this.keys.get(key)?.notBefore ?? 0) - this.clock.now());
  }

  /** A try begins. */
  count(key: string): void {
    const now = this.clock.now();
    const { freeTries, firstDelayMs, mostDelayMs, forgetMs } = this.options;
    let tries = this.keys.get(key);
    if (!tries || now - tries.lastAt > forgetMs) tries = { wrong: 0, lastAt: now, notBefore: 0 };
    tries.wrong++;
    tries.lastAt = now;
    const beyond = tries.wrong - freeTries;
    if (beyond >= 0) tries.notBefore = now + Math.min(firstDelayMs * 2 ** Math.min(beyond, 30), mostDelayMs);
    this.remember(key, tries);
  }

  /** The try was right. */
  succeeded(key: string): void {
    this.keys.delete(key);
  }

  /** How many keys are remembered. */
  get size(): number {
    return this.keys.size;
  }

  /** A Map keeps the order of insertion: the first key is the one longest without a try. */
  private remember(key: string, tries: Tries): void {
    this.keys.delete(key);
    this.keys.set(key, tries);
    const oldest = this.keys.keys().next();
    if (this.keys.size > this.options.mostKeys && !oldest.done) this.keys.delete(oldest.value);
  }
}

/** One subscriber has a whole /64 of IPv6 (RFC 6177), so that it counts as one address. */
export function addressKey(address: string | undefined): string {
  if (!address) return "unknown";
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped?.[1]) return mapped[1];
  const plain = address.split("%")[0] ?? "";
  if (!isIPv6(plain)) return address;
  const [head = "", tail] = plain.split("::");
  const first = head === "" ? [] : head.split(":");
  const last = tail ? tail.split(":") : [];
  const zeros =
    tail === undefined ? [] : Array<string>(Math.max(0, 8 - first.length - last.length)).fill("0");
  const groups = [...first, ...zeros, ...last].slice(0, 4).map((group) => parseInt(group, 16).toString(16));
  return `${groups.join(":")}::/64`;
}
