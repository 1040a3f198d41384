import { randomBytes } from "node:crypto";
import type { Check, Media, Settings, Stream, StreamState } from "../../contracts";
import type { Rename } from "../../common/renames";
import { parseStreamUrl } from "../../common/stream-url";
import { ZonedTime } from "../../common/zoned-time";
import { ChangedStreams } from "./changed-streams";
import { pythonString, renderStatusEntry, renderStream } from "./render-status";
import type { Seed } from "./store-messages";
import { differ, fromSeed, sow, unseen, type StreamEntry } from "./stream-entry";

/** An answer ready to be sent. */
export interface Body {
  bytes: Buffer;
  /** A strong entity tag: other bytes always have another one. */
  etag: string;
}

/**
 * The state of all streams in memory, in the order of config.yaml, and the answers made from it. A stream is rendered
 * again when it changed, a whole answer when somebody asks for it after a change.
 */
export class LiveStatus {
  private streams = new Map<string, StreamEntry>();
  /** In the order in which v2.2 sorted its keys. */
  private sorted: StreamEntry[] = [];
  /** False while the streams are those that the database knew: the API answers for them until a list comes. */
  private listed = false;
  private zone = new ZonedTime("UTC");
  private strict = false;
  private version = 0;
  private readonly changes: ChangedStreams;
  /** Entity tags of another process must not match. */
  private readonly run = randomBytes(6).toString("hex");
  private statusCache?: Body;
  private streamsCache?: Body;

  /** @param onFirstChange called when something has changed after nothing had */
  constructor(onFirstChange: () => void = () => {}) {
    this.changes = new ChangedStreams(onFirstChange);
  }

  /** The streams of the last message; of two with the same name the first counts. */
  setStreams(
    streams: readonly Stream[],
    settings: Pick<Settings, "timezone" | "strict_status">,
    renames: readonly Rename[],
  ): void {
    const oldNames = new Map(renames.map(({ from, to }) => [to, from]));
    const next = new Map<string, StreamEntry>();
    for (const stream of streams) {
      if (next.has(stream.name)) continue;
      const { origin, protocol } = parseStreamUrl(stream.url);
      const { enabled, group, tags = [] } = stream;
      const oldName = oldNames.get(stream.name) ?? stream.name;
      const known = this.streams.get(stream.name);
      const entry = {
        ...(known ?? this.streams.get(oldName) ?? unseen),
        ...{ name: stream.name, quotedName: pythonString(stream.name), position: next.size },
        ...{ url: origin, protocol, enabled, group, tags, version: 0 },
      };
      this.renderAnew(entry);
      if (!known || differ(known, entry)) this.changes.add(entry.name);
      next.set(stream.name, entry);
    }
    for (const name of this.streams.keys()) if (!next.has(name)) this.changes.remove(name);
    this.listed = true;
    this.streams = next;
    this.sorted = sortByCodePoint([...next.values()]);
    if (this.zone.timezone !== settings.timezone) this.zone = new ZonedTime(settings.timezone);
    this.strict = settings.strict_status;
  }

  /** What the database knew: fills only what has not been heard since. */
  addSeeds(seeds: readonly Seed[]): void {
    for (const seed of seeds) {
      if (!this.listed && !this.streams.has(seed.name)) {
        this.streams.set(seed.name, fromSeed(seed, this.streams.size));
      }
      const entry = this.streams.get(seed.name);
      if (entry && sow(entry, seed)) this.touch(entry);
    }
    if (!this.listed) this.sorted = sortByCodePoint([...this.streams.values()]);
  }

  /** The lasting ids, which the database gives. */
  setIds(ids: Iterable<readonly [name: string, id: number]>): void {
    for (const [name, id] of ids) {
      const entry = this.streams.get(name);
      if (!entry || entry.id === id) continue;
      entry.id = id;
      this.touch(entry);
    }
  }

  /** @returns false for a stream that is not watched */
  recordCheck(check: Check): boolean {
    const entry = this.streams.get(check.stream);
    if (!entry) return false;
    entry.last = check;
    if (check.media) entry.media = check.media;
    this.touch(entry);
    return true;
  }

  /** What pictures consist of, of all streams where that is known. */
  allMedia(): { stream: string; media: Media }[] {
    const found: { stream: string; media: Media }[] = [];
    for (const { name, media } of this.streams.values()) if (media) found.push({ stream: name, media });
    return found;
  }

  /** Whether a check shows another picture than the one before: not whether it began with a keyframe. */
  isNewPicture({ stream, media }: Check): boolean {
    const known = this.streams.get(stream)?.media;
    return media !== undefined && known !== undefined && facts(media) !== facts(known);
  }

  /** @returns false for a stream that is not watched */
  recordState({ stream, state, reason, since, level, flapping, flaps }: StreamState): boolean {
    const entry = this.streams.get(stream);
    if (!entry) return false;
    Object.assign(entry, { state, reason, since, level, flapping, flaps });
    this.touch(entry);
    return true;
  }

  /** The confirmed states, for a probe that starts. Pending and unknown are none. */
  confirmedStates(): StreamState[] {
    const states: StreamState[] = [];
    for (const { name, state, reason, since, level } of this.streams.values()) {
      if (since !== null && state !== "pending" && state !== "unknown") {
        states.push({ stream: name, state, reason, since, level });
      }
    }
    return states;
  }

  /** True once it is known which streams there are. */
  get hasStreams(): boolean {
    return this.listed;
  }

  /** All streams, in the order of config.yaml. */
  all(): Iterable<StreamEntry> {
    return this.streams.values();
  }

  find(name: string): StreamEntry | undefined {
    return this.streams.get(name);
  }

  get hasChanges(): boolean {
    return !this.changes.isEmpty;
  }

  /** What has changed since the last time, as names. Whatever is more than `most` comes the next time. */
  takeChanges(most: number): { changed: string[]; removed: string[] } {
    return this.changes.take(most);
  }

  /** `GET /api/status`, as v2.2 wrote it. */
  statusBody(): Body {
    const etag = this.etag("status", this.version);
    if (this.statusCache?.etag !== etag) {
      const members = this.sorted.map((stream) => this.statusMember(stream));
      this.statusCache = { bytes: enclosed("{", members, "}"), etag };
    }
    return this.statusCache;
  }

  /** `GET /api/streams`. */
  streamsBody(): Body {
    const etag = this.etag("streams", this.version);
    if (this.streamsCache?.etag !== etag) {
      this.streamsCache = { bytes: enclosed("[", [...this.streams.values()].map(streamMember), "]"), etag };
    }
    return this.streamsCache;
  }

  /** `GET /api/streams/:name`; undefined when there is no such stream. */
  streamBody(name: string): Body | undefined {
    const stream = this.streams.get(name);
    if (!stream) return undefined;
    const bytes = Buffer.concat([streamMember(stream).subarray(1), Buffer.from("\n")]);
    return { bytes, etag: this.etag("stream", stream.version) };
  }

  private statusMember(stream: StreamEntry): Buffer {
    return (stream.statusMember ??= Buffer.from(`,${renderStatusEntry(stream, this.zone, this.strict)}`));
  }

  private touch(stream: StreamEntry): void {
    this.renderAnew(stream);
    this.changes.add(stream.name);
  }

  private renderAnew(stream: StreamEntry): void {
    stream.version = ++this.version;
    stream.statusMember = stream.streamMember = undefined;
  }

  private etag(kind: string, version: number): string {
    return `"${this.run}-${kind}-${version}"`;
  }
}

function facts(media: Media | null): string {
  return JSON.stringify({ ...media, keyframe: undefined });
}

function streamMember(stream: StreamEntry): Buffer {
  return (stream.streamMember ??= Buffer.from(`,${renderStream(stream)}`));
}

/** Bytes are put together in a third of the time of strings. The first member's comma makes room for the bracket. */
function enclosed(open: string, members: Buffer[], close: string): Buffer {
  // v2.2's answers ended with a line feed
  const end = Buffer.from(`${close}\n`);
  if (members.length === 0) return Buffer.concat([Buffer.from(open), end]);
  const bytes = Buffer.concat([...members, end]);
  bytes.write(open);
  return bytes;
}

/** UTF-8 sorts as code points do; JavaScript's own order differs beyond U+FFFF. */
function sortByCodePoint(streams: StreamEntry[]): StreamEntry[] {
  const keyed = streams.map((stream) => ({ stream, key: Buffer.from(stream.name) }));
  return keyed.sort((a, b) => Buffer.compare(a.key, b.key)).map(({ stream }) => stream);
}
