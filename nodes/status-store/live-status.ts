import { randomBytes } from "node:crypto";
import type {
  Check,
  Level,
  Media,
  Reason,
  Settings,
  State,
  Stream,
  StreamState,
  Timings,
} from "../../contracts";
import type { Rename } from "../../common/renames";
import { parseStreamUrl } from "../../common/stream-url";
import { ZonedTime } from "../../common/zoned-time";
import { pythonString, renderStatusEntry, renderStream } from "./render-status";
import type { Seed, StoredCheck } from "./store-messages";

/** A check as it was made, or as the database gave it back after a start, without timings and level. */
export type LastCheck = Check | (StoredCheck & { timings: Timings; level: null });

/** What is known of one stream. */
export interface LiveStream {
  readonly name: string;
  /** The name as /api/status writes it. */
  readonly quotedName: string;
  /** Scheme and host of its URL. */
  url: string;
  protocol: "rtsp" | "http";
  enabled: boolean;
  group?: string;
  tags: readonly string[];
  /** Confirmed; `pending` before the first verdict. */
  state: State;
  reason: Reason | null;
  /** Epoch milliseconds; null while nothing was confirmed. */
  since: number | null;
  level: Level | null;
  /** With `flaps`, how often, while it goes up and down again and again. */
  flapping?: true;
  flaps?: number;
  last: LastCheck | null;
  /** What the picture consists of, from the last check that saw one. */
  media: Media | null;
  /** Counts the changes of all streams; this is the number of its last one. */
  version: number;
  /** Its member of the answers with a comma in front, until it changes. */
  statusMember?: Buffer;
  streamMember?: Buffer;
}

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
  private streams = new Map<string, LiveStream>();
  /** In the order in which v2.2 sorted its keys. */
  private sorted: LiveStream[] = [];
  /** False while the streams are those that the database knew: the API answers for them until a list comes. */
  private listed = false;
  private zone = new ZonedTime("UTC");
  private strict = false;
  private version = 0;
  /** Entity tags of another process must not match. */
  private readonly run = randomBytes(6).toString("hex");
  private statusCache?: Body;
  private streamsCache?: Body;

  /** The streams of the last message; of two with the same name the first counts. */
  setStreams(
    streams: readonly Stream[],
    settings: Pick<Settings, "timezone" | "strict_status">,
    renames: readonly Rename[],
  ): void {
    const oldNames = new Map(renames.map(({ from, to }) => [to, from]));
    const next = new Map<string, LiveStream>();
    for (const stream of streams) {
      if (next.has(stream.name)) continue;
      const { origin, protocol } = parseStreamUrl(stream.url);
      const { enabled, group, tags = [] } = stream;
      const oldName = oldNames.get(stream.name) ?? stream.name;
      const entry = {
        ...(this.streams.get(stream.name) ?? this.streams.get(oldName) ?? unseen),
        ...{ name: stream.name, quotedName: pythonString(stream.name) },
        ...{ url: origin, protocol, enabled, group, tags, version: 0 },
      };
      this.touch(entry);
      next.set(stream.name, entry);
    }
    this.listed = true;
    this.streams = next;
    this.sorted = sortByCodePoint([...next.values()]);
    if (this.zone.timezone !== settings.timezone) this.zone = new ZonedTime(settings.timezone);
    this.strict = settings.strict_status;
  }

  /** What the database knew: fills only what has not been heard since. */
  addSeeds(seeds: readonly Seed[]): void {
    for (const seed of seeds) {
      if (!this.listed && !this.streams.has(seed.name)) this.streams.set(seed.name, fromSeed(seed));
      const entry = this.streams.get(seed.name);
      if (!entry) continue;
      sow(entry, seed);
      this.touch(entry);
    }
    if (!this.listed) this.sorted = sortByCodePoint([...this.streams.values()]);
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
  all(): Iterable<LiveStream> {
    return this.streams.values();
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

  private statusMember(stream: LiveStream): Buffer {
    return (stream.statusMember ??= Buffer.from(`,${renderStatusEntry(stream, this.zone, this.strict)}`));
  }

  private touch(stream: LiveStream): void {
    stream.version = ++this.version;
    stream.statusMember = stream.streamMember = undefined;
  }

  private etag(kind: string, version: number): string {
    return `"${this.run}-${kind}-${version}"`;
  }
}

const unseen = { state: "pending", reason: null, since: null, level: null, last: null, media: null } as const;

function facts(media: Media | null): string {
  return JSON.stringify({ ...media, keyframe: undefined });
}

/** A stream as the database knew it, without what only config.yaml says. */
function fromSeed({ name, origin, protocol }: Seed): LiveStream {
  const known = { name, quotedName: pythonString(name), url: origin, protocol };
  return { ...unseen, ...known, enabled: true, tags: [], version: 0 };
}

function sow(entry: LiveStream, { confirmed, last, media }: Seed): void {
  if (entry.since === null && confirmed) Object.assign(entry, confirmed);
  entry.media ??= media;
  if (entry.last === null && last) entry.last = { ...last, timings: {}, level: null };
}

function streamMember(stream: LiveStream): Buffer {
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
function sortByCodePoint(streams: LiveStream[]): LiveStream[] {
  const keyed = streams.map((stream) => ({ stream, key: Buffer.from(stream.name) }));
  return keyed.sort((a, b) => Buffer.compare(a.key, b.key)).map(({ stream }) => stream);
}
