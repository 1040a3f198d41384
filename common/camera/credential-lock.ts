import type { Clock } from "../clock";

/** Cameras lock an account after a few wrong passwords: refused credentials rest for this long. */
const REST_MS = 5 * 60_000;
/** What was refused before so many others is forgotten. */
const MOST_REMEMBERED = 50_000;

/** Remembers which accounts (a URL with its credentials) were refused. Another password is tried at once. */
export class CredentialLock {
  /** The one that was refused last stands last. */
  private readonly refusedAt = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  mustWithhold(account: string): boolean {
    const at = this.refusedAt.get(account);
    return at !== undefined && this.clock.elapsed() - at < REST_MS;
  }

  refused(account: string): void {
    this.refusedAt.delete(account);
    this.refusedAt.set(account, this.clock.elapsed());
    for (const oldest of this.refusedAt.keys()) {
      if (this.mustWithhold(oldest) && this.refusedAt.size <= MOST_REMEMBERED) break;
      this.refusedAt.delete(oldest);
    }
  }

  accepted(account: string): void {
    this.refusedAt.delete(account);
  }
}
