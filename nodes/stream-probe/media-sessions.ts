/** How many pictures may be fetched from one host at once: a camera has few places for viewers, and people want them. */
export class MediaSessions {
  private readonly taken = new Map<string, number>();

  constructor(private mostPerHost: number) {}

  change(mostPerHost: number): void {
    this.mostPerHost = mostPerHost;
  }

  /** @returns false when the host has no place left */
  take(host: string): boolean {
    const taken = this.taken.get(host) ?? 0;
    if (taken >= this.mostPerHost) return false;
    this.taken.set(host, taken + 1);
    return true;
  }

  release(host: string): void {
    const left = (this.taken.get(host) ?? 1) - 1;
    if (left > 0) this.taken.set(host, left);
    else this.taken.delete(host);
  }
}
