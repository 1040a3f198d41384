/**
 * What stays open on somebody's behalf (a socket, a long answer), so that it can be cut when the right to it ends.
 */
export class HeldOpen {
  private readonly cuts = new Map<string, Set<() => void>>();

  /**
   * @param holder lasting name of the session or token
   * @param cut is called when its right ends
   * @returns call it when the thing has ended by itself
   */
  track(holder: string, cut: () => void): () => void {
    const cuts = this.cuts.get(holder) ?? new Set();
    this.cuts.set(holder, cuts.add(cut));
    return () => {
      cuts.delete(cut);
      if (cuts.size === 0 && this.cuts.get(holder) === cuts) this.cuts.delete(holder);
    };
  }

  cut(holder: string): void {
    const cuts = this.cuts.get(holder);
    this.cuts.delete(holder);
    for (const cut of cuts ?? []) cut();
  }
}
