import type { Clock } from "../../common/clock";

/** Cameras lock an account after a few wrong passwords: refused credentials rest for this long. */
export const REST_MS = 5 * 60_000;

/** Remembers which URLs had their credentials refused. A changed URL is another one and is tried at once. */
export class CredentialLock {
  private readonly refusedAt = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  mustWithhold(url: string): boolean {
    const at = this.refusedAt.get(url);
    return at !== undefined && this.clock.elapsed() - at < REST_MS;
  }

  refused(url: string): void {
    this.refusedAt.set(url, this.clock.elapsed());
  }

  accepted(url: string): void {
    this.refusedAt.delete(url);
  }

  keepOnly(urls: ReadonlySet<string>): void {
    for (const url of this.refusedAt.keys()) if (!urls.has(url)) this.refusedAt.delete(url);
  }
}
