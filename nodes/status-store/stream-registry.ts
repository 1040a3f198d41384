import type { Database, Statement } from "better-sqlite3";
import { findRenames, type Rename } from "../../common/renames";
import { PROTOCOL_CODES } from "./codes";
import { storedUrl, type StoredUrl } from "./url-key";

/** One watched stream as it stands in the table. */
export interface RegisteredStream extends StoredUrl {
  id: number;
  name: string;
}

export interface SyncResult {
  /** Never seen before. */
  added: RegisteredStream[];
  /** Under their old id: a name that came back. */
  returned: RegisteredStream[];
  /** Under their new name. */
  renamed: RegisteredStream[];
  removed: RegisteredStream[];
}

/** Which id belongs to which name: history hangs on the id, which outlives renames and removals. */
export class StreamRegistry {
  private readonly active = new Map<string, RegisteredStream>();
  /** Names that the last sync gave up: checks may still be on their way. */
  private readonly former = new Map<string, RegisteredStream>();
  /** The full URL by name since the first sync; the file keeps none. */
  private urls?: Map<string, string>;
  private readonly insert: Statement<[string, string, number | null, number, number]>;
  private readonly update: Statement<[string, string, number | null, number, number]>;
  private readonly remove: Statement<[number, number]>;
  private readonly findRemoved: Statement<[string], number>;
  private readonly allRemoved: Statement<[string], number>;

  constructor(db: Database) {
    this.insert = db.prepare(
      `INSERT INTO streams (id, name, url, path_hash, protocol, created)
       VALUES (1 + max(coalesce((SELECT max(id) FROM streams), 0),
         coalesce((SELECT value FROM progress WHERE key = 'last_stream'), 0)), ?, ?, ?, ?, ?)`,
    );
    this.update = db.prepare(
      "UPDATE streams SET name = ?, url = ?, path_hash = ?, protocol = ?, removed = NULL WHERE id = ?",
    );
    this.remove = db.prepare("UPDATE streams SET removed = ? WHERE id = ?");
    this.findRemoved = db
      .prepare<[string], number>(
        "SELECT id FROM streams WHERE name = ? AND removed IS NOT NULL ORDER BY removed DESC LIMIT 1",
      )
      .pluck();
    this.allRemoved = db
      .prepare<[string], number>("SELECT id FROM streams WHERE name = ? AND removed IS NOT NULL")
      .pluck();
    const rows = db
      .prepare(
        "SELECT id, name, url AS origin, path_hash AS pathHash, protocol FROM streams WHERE removed IS NULL",
      )
      .all() as (Omit<RegisteredStream, "protocol"> & { protocol: number })[];
    for (const row of rows) {
      const protocol = row.protocol === PROTOCOL_CODES.http ? "http" : "rtsp";
      this.active.set(row.name, { ...row, protocol });
    }
  }

  /** Under its present name, or one that it had a while ago. */
  find(name: string): RegisteredStream | undefined {
    return this.active.get(name) ?? this.former.get(name);
  }

  /** Only one that is watched still, under whatever name: nothing new begins for one that was removed. */
  findWatched(name: string): RegisteredStream | undefined {
    const stream = this.find(name);
    return stream && this.active.get(stream.name) === stream ? stream : undefined;
  }

  all(): Iterable<RegisteredStream> {
    return this.active.values();
  }

  /** All streams with their whole URLs; before the first sync with ones that no other has. */
  named(): { name: string; url: string }[] {
    return [...this.active.keys()].map((name) => ({ name, url: this.urls?.get(name) ?? `unknown ${name}` }));
  }

  /**
   * Makes the table say what is watched now. Of two streams with the same name the first counts.
   * @param told renames that are known already, one after the other: those of several lists may have come together
   * @param at epoch milliseconds
   */
  sync(streams: readonly { name: string; url: string }[], told: readonly Rename[], at: number): SyncResult {
    const wanted = new Map<string, { name: string; url: string }>();
    for (const stream of streams) if (!wanted.has(stream.name)) wanted.set(stream.name, stream);

    this.former.clear();
    // one that is watched no longer goes under its last name, which its last checks have
    const isTrue = ({ from, to }: Rename) => wanted.has(to) || !wanted.has(from);
    const renamed = this.rename(netRenames(this.active.keys(), told).filter(isTrue));
    renamed.push(...this.rename(this.findRenames(wanted.values())));
    const removed = [...this.active.values()].filter(({ name }) => !wanted.has(name));
    for (const stream of removed) {
      this.remove.run(at, stream.id);
      this.active.delete(stream.name);
      this.former.set(stream.name, stream);
    }
    const added: RegisteredStream[] = [];
    const returned: RegisteredStream[] = [];
    for (const { name, url } of wanted.values()) {
      const known = this.active.get(name);
      if (known) this.follow(known, url);
      else {
        const oldId = this.findRemoved.get(name);
        (oldId === undefined ? added : returned).push(this.add(name, url, at, oldId));
      }
    }
    this.urls = new Map([...wanted.values()].map(({ name, url }) => [name, url]));
    return { added, returned, renamed, removed };
  }

  /** The id of a stream that has a history from elsewhere; one that nobody watches is kept as a removed one. */
  adopt(name: string, url: string, at: number): number {
    const known = this.active.get(name)?.id ?? this.findRemoved.get(name);
    if (known !== undefined) return known;
    const { origin, pathHash, protocol } = storedUrlOrNone(url);
    const { lastInsertRowid } = this.insert.run(name, origin, pathHash, PROTOCOL_CODES[protocol], at);
    this.remove.run(at, Number(lastInsertRowid));
    return Number(lastInsertRowid);
  }

  /**
   * Gives a name up for its removed streams: checks that are still on their way belong to nobody then.
   * @returns their ids, and the watched stream of this name
   */
  forget(name: string): { removed: number[]; watched?: RegisteredStream } {
    const removed = this.allRemoved.all(name);
    const former = this.former.get(name);
    if (former && removed.includes(former.id)) this.former.delete(name);
    return { removed, watched: this.active.get(name) };
  }

  private findRenames(wanted: Iterable<{ name: string; url: string }>): Rename[] {
    if (this.urls) return findRenames(this.named(), wanted);
    const before = [...this.active.values()];
    const after = [...wanted].map(({ name, url }) => ({ ...storedUrl(url), name }));
    return findRenames(before.map(withStoredKey), after.map(withStoredKey));
  }

  /** All at once: two may swap their names. */
  private rename(renames: readonly Rename[]): RegisteredStream[] {
    const found = renames.flatMap(({ from, to }) => {
      const stream = this.active.get(from);
      return stream ? [{ stream, from, to }] : [];
    });
    for (const { stream, from } of found) {
      this.active.delete(from);
      this.former.set(from, stream);
      // so that its name is free for another one
      this.remove.run(0, stream.id);
    }
    for (const { stream, to } of found) {
      stream.name = to;
      this.active.set(to, stream);
      this.former.delete(to);
      this.write(stream);
    }
    return found.map(({ stream }) => stream);
  }

  private follow(stream: RegisteredStream, url: string): void {
    if (this.urls?.get(stream.name) === url) return;
    const now = storedUrl(url);
    const isSame = stream.origin === now.origin && stream.pathHash === now.pathHash;
    if (isSame) return;
    Object.assign(stream, now);
    this.write(stream);
  }

  private add(name: string, url: string, at: number, oldId: number | undefined): RegisteredStream {
    const stored = storedUrl(url);
    const { origin, pathHash, protocol } = stored;
    const id =
      oldId ?? Number(this.insert.run(name, origin, pathHash, PROTOCOL_CODES[protocol], at).lastInsertRowid);
    const stream = { id, name, ...stored };
    if (oldId !== undefined) this.write(stream);
    this.active.set(name, stream);
    this.former.delete(name);
    return stream;
  }

  private write({ id, name, origin, pathHash, protocol }: RegisteredStream): void {
    this.update.run(name, origin, pathHash, PROTOCOL_CODES[protocol], id);
  }
}

/** What renames that came one after the other have made of these names. One onto a name that is taken is none. */
function netRenames(names: Iterable<string>, steps: readonly Rename[]): Rename[] {
  const first = new Map([...names].map((name) => [name, name]));
  for (const { from, to } of steps) {
    const name = first.get(from);
    if (name === undefined || first.has(to)) continue;
    first.delete(from);
    first.set(to, name);
  }
  return [...first].flatMap(([to, from]) => (from === to ? [] : [{ from, to }]));
}

function storedUrlOrNone(url: string): StoredUrl {
  try {
    return storedUrl(url);
  } catch {
    return { origin: "", pathHash: null, protocol: url.startsWith("http") ? "http" : "rtsp" };
  }
}

/** A stream whose path leaves no hash resembles no other. */
function withStoredKey({ name, origin, pathHash }: StoredUrl & { name: string }): {
  name: string;
  url: string;
} {
  return { name, url: pathHash === null ? `${origin} only ${name}` : `${origin} ${pathHash}` };
}
