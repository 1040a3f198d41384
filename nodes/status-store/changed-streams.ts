/** Which streams have changed since somebody took the changes away, by name: a check costs one entry of a set. */
export class ChangedStreams {
  private readonly changed = new Set<string>();
  private readonly removed = new Set<string>();

  /** @param onFirst called when something has changed after nothing had */
  constructor(private readonly onFirst: () => void) {}

  get isEmpty(): boolean {
    return this.changed.size === 0 && this.removed.size === 0;
  }

  add(name: string): void {
    this.note(name, this.changed, this.removed);
  }

  remove(name: string): void {
    this.note(name, this.removed, this.changed);
  }

  /** The names that are gone, and those that changed, `most` of them: the ones that have waited longest. */
  take(most: number): { changed: string[]; removed: string[] } {
    const removed = [...this.removed];
    this.removed.clear();
    const changed: string[] = [];
    for (const name of this.changed) {
      if (changed.length === most) break;
      changed.push(name);
      this.changed.delete(name);
    }
    return { changed, removed };
  }

  private note(name: string, to: Set<string>, from: Set<string>): void {
    const isFirst = this.isEmpty;
    from.delete(name);
    to.add(name);
    if (isFirst) this.onFirst();
  }
}
