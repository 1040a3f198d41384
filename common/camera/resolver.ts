import { lookup, type LookupAddress } from "node:dns";
import { isIP } from "node:net";
import type { Clock } from "../clock";
import { Failure } from "./failure";

export type Lookup = (host: string) => Promise<LookupAddress[]>;

/** The system's resolver, which knows the hosts file and mDNS names as other programs do. */
export const systemLookup: Lookup = (host) =>
  new Promise((resolve, reject) => {
    lookup(host, { all: true }, (error, addresses) => (error ? reject(error) : resolve(addresses)));
  });

interface Entry {
  addresses?: LookupAddress[];
  failure?: Failure;
  /** When the answer came, on the clock that never jumps. */
  at: number;
  pending?: Promise<void>;
}

/** An answer is used without question for this long. */
const FRESH_MS = 30_000;
/** A name that was not found is asked for again after this long. */
const FAILED_MS = 2_000;
/** When the name server itself is silent, known addresses stay good for this long. */
const STALE_MS = 3_600_000;
/** The system's resolver holds one of the process's few worker threads per question, and SQLite and files need them too. */
const MOST_AT_ONCE = 2;

/**
 * Host names to addresses with a memory, so that a slow or dead name server neither delays streams that are known nor
 * makes them look down: an old answer is used while a new one is fetched.
 */
export class Resolver {
  private readonly entries = new Map<string, Entry>();
  private readonly waiting: (() => void)[] = [];
  private running = 0;

  constructor(
    private readonly clock: Clock,
    private readonly ask: Lookup = systemLookup,
  ) {}

  async resolve(host: string): Promise<LookupAddress[] | Failure> {
    const family = isIP(host);
    if (family) return [{ address: host, family }];
    let entry = this.entries.get(host);
    if (!entry) this.entries.set(host, (entry = { at: -Infinity }));
    const ageMs = this.clock.elapsed() - entry.at;
    if (ageMs > (entry.addresses ? FRESH_MS : FAILED_MS)) entry.pending ??= this.refresh(host, entry);
    if (entry.addresses === undefined || ageMs > STALE_MS) await entry.pending;
    return entry.addresses ?? entry.failure ?? new Failure("dns_failed", `${host} could not be resolved`);
  }

  /** Forgets the names that no stream uses any more. */
  keepOnly(hosts: ReadonlySet<string>): void {
    for (const host of this.entries.keys()) if (!hosts.has(host)) this.entries.delete(host);
  }

  private async refresh(host: string, entry: Entry): Promise<void> {
    if (this.running >= MOST_AT_ONCE) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.running++;
    try {
      entry.addresses = await this.ask(host);
      entry.failure = undefined;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? "unknown error";
      entry.failure = new Failure("dns_failed", `${host} could not be resolved (${code})`);
      // "no such name" is an answer; a silent name server is none, and what was known stays known
      if (code === "ENOTFOUND") entry.addresses = undefined;
    } finally {
      entry.at = this.clock.elapsed();
      entry.pending = undefined;
      this.running--;
      this.waiting.shift()?.();
    }
  }
}
