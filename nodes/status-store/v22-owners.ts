import { findRenames } from "../../common/renames";
import { asciiLowerCase, v22TableKey } from "./v22-samples";

interface Named {
  name: string;
  url: string;
}

/** Which streams wrote into which log table of a v2.2 database, under the names that they have now. */
export class V22Owners {
  private readonly byKey = new Map<string, Named[]>();

  /**
   * @param known the streams of the old database
   * @param watched those of now: one of another name and the same URL is the same stream
   * @param isForgotten whether a name's history was deleted, so that none may come in
   */
  constructor(
    known: readonly Named[],
    watched: readonly Named[],
    private readonly isForgotten: (name: string) => boolean,
  ) {
    const renamed = new Map(findRenames(known, watched).map(({ from, to }) => [from, to]));
    const byName = new Map(watched.map((stream) => [stream.name, stream]));
    for (const stream of known) this.add(stream.name, byName.get(renamed.get(stream.name) ?? "") ?? stream);
    const taken = new Set([...known.map(({ name }) => name), ...renamed.values()]);
    for (const stream of watched) if (!taken.has(stream.name)) this.add(stream.name, stream);
  }

  /** All streams that the old database knew or that are watched now. */
  all(): Named[] {
    return [...this.byKey.values()].flat().filter(({ name }) => !this.isForgotten(name));
  }

  /** A table that nobody claims belonged to a stream that was deleted: its name is the table's. */
  of(table: string): Named[] {
    const written = table.slice("log_".length);
    const owners = this.byKey.get(asciiLowerCase(written)) ?? [{ name: written || table, url: "" }];
    return owners.filter(({ name }) => !this.isForgotten(name));
  }

  private add(oldName: string, stream: Named): void {
    const key = v22TableKey(oldName);
    const others = this.byKey.get(key);
    if (others) others.push(stream);
    else this.byKey.set(key, [stream]);
  }
}
