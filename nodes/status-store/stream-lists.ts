/** While one file is read by two nodes their lists differ for a moment after each change. */
const GRACE_MS = 10_000;

/**
 * Which streams each source (a status-store node) named last. Those of one database have to be the same, because the
 * last list counts: what only another one names is not watched, and its checks are passed over.
 */
export class StreamLists {
  private readonly bySource = new Map<string, ReadonlySet<string>>();
  /** A name that not all of them have, and since when, as `elapsed`. */
  private odd?: { name: string; since: number };

  set(source: string, names: ReadonlySet<string>, elapsedMs: number): void {
    this.bySource.set(source, names);
    this.compare(elapsedMs);
  }

  drop(source: string, elapsedMs: number): void {
    this.bySource.delete(source);
    this.compare(elapsedMs);
  }

  /** One sentence; undefined while all is well. */
  problem(elapsedMs: number): string | undefined {
    if (!this.odd || elapsedMs - this.odd.since < GRACE_MS) return undefined;
    const shown = JSON.stringify(this.odd.name.slice(0, 200));
    return (
      `${this.bySource.size} status-store nodes name different streams to one database: ${shown} is not in all of their lists. ` +
      `The last list counts, and checks of other streams are not stored: give them the same streams, or databases with files of their own.`
    );
  }

  private compare(elapsedMs: number): void {
    const lists = [...this.bySource.values()];
    const [first] = lists;
    let name: string | undefined;
    for (const list of lists) {
      name ??= first && (oddOneOf(list, first) ?? oddOneOf(first, list));
    }
    this.odd = name === undefined ? undefined : { name, since: this.odd?.since ?? elapsedMs };
  }
}

function oddOneOf(names: ReadonlySet<string>, others: ReadonlySet<string>): string | undefined {
  for (const name of names) if (!others.has(name)) return name;
  return undefined;
}
