/** So many changes within the window make a stream flap; it has calmed down when no more than one is left in it. */
export const FLAPS = 4;
export const FLAPPING_WINDOW_MS = 30 * 60_000;
const CALM = 1;
/** More are not counted. */
const MOST_KEPT = 100;

/** Counts how often one stream goes from up to not up and back. */
export class Flapping {
  active = false;
  private times: number[] = [];

  /** Changes within the window. */
  get count(): number {
    return this.times.length;
  }

  /** It went from up to not up, or back. @param at epoch milliseconds */
  record(at: number): void {
    this.times.push(at);
    if (this.times.length > MOST_KEPT) this.times.shift();
    this.update(at);
  }

  /** Forgets what is long ago. @returns whether that changed anything that is told */
  update(now: number): boolean {
    if (this.times.length === 0) return false;
    const before = this.active;
    // a time that is to come was taken by a clock that has been set back since
    this.times = this.times.filter((at) => at <= now && now - at < FLAPPING_WINDOW_MS);
    this.active = this.count >= FLAPS || (this.active && this.count > CALM);
    return this.active !== before;
  }

  forget(): void {
    this.times = [];
    this.active = false;
  }
}
