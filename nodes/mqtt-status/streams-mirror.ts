import { z } from "zod";
import { REASON_CODES, STATES } from "../../contracts";
import type { Clock } from "../../common/clock";
import { firstIssue } from "../../common/first-issue";

/** As much of a LiveStream as is published. */
const streamSchema = z.object({
  id: z.number().int().nullable(),
  name: z.string().min(1),
  group: z.string().nullable(),
  enabled: z.boolean(),
  state: z.enum(STATES),
  reason: z.enum(REASON_CODES).nullable(),
  since: z.number().nullable(),
  flapping: z.literal(true).optional(),
  last: z.object({ at: z.number(), message: z.string(), latencyMs: z.number().nullable() }).nullable(),
  media: z
    .object({
      codec: z.string().optional(),
      width: z.number().optional(),
      height: z.number().optional(),
      fps: z.number().optional(),
    })
    .nullable(),
});
const list = z.array(streamSchema);

type ShownStream = z.infer<typeof streamSchema>;
export type MirroredStream = ShownStream & { id: number };

const snapshotSchema = z.object({
  topic: z.literal("snapshot"),
  seq: z.number().int(),
  payload: list,
  part: z.number().int().min(0),
  parts: z.number().int().min(0),
});
const changesSchema = z.object({
  topic: z.literal("changes"),
  seq: z.number().int(),
  payload: list,
  removed: z.array(z.string()),
});
type Changes = z.infer<typeof changesSchema>;

export interface MirrorListener {
  /** Asks the store for a snapshot; `asker` comes back with it. */
  askSnapshot: (asker: string) => void;
  /** What is different now. Removed streams as they were last. */
  onChange: (changed: MirroredStream[], removed: MirroredStream[]) => void;
}

/** A snapshot of 10,000 streams is on its way for a second. */
const SNAPSHOT_TIMEOUT_MS = 10_000;
/** A store that was begun a moment ago does not know yet which streams there are. */
const EMPTY_DOUBTED_MS = 60_000;
const MOST_HELD = 100;

/**
 * All streams as the store knows them: one snapshot, then numbered changes. After a gap it asks for a snapshot again.
 * Streams that have no lasting id yet are not shown, and as long as there are any, no other one is taken for removed
 * because a snapshot does not show it: it may be one of them.
 */
export class StreamsMirror {
  private streams = new Map<number, MirroredStream>();
  private ids = new Map<string, number>();
  /** The names of streams that the store shows without an id. */
  private unnumbered = new Set<string>();
  /** The ids of streams that are still here, but not in the newest snapshot. */
  private readonly missing = new Set<number>();
  /** Since when snapshots have shown no stream at all, of the monotonic clock. */
  private emptySince?: number;
  private doubted = false;
  private asking = false;
  private seq?: number;
  private building?: { seq: number; streams: ShownStream[]; next: number };
  private held: Changes[] = [];
  private timer: unknown;
  private stopped = true;

  constructor(
    private readonly asker: string,
    private readonly clock: Clock,
    private readonly listener: MirrorListener,
  ) {}

  /** False until the first snapshot is there. */
  get ready(): boolean {
    return this.seq !== undefined;
  }

  /** False while a stream that is not here may be watched all the same. */
  get complete(): boolean {
    return this.ready && !this.doubted && this.unnumbered.size === 0;
  }

  all(): Iterable<MirroredStream> {
    return this.streams.values();
  }

  byName(name: string): MirroredStream | undefined {
    const id = this.ids.get(name);
    return id === undefined ? undefined : this.streams.get(id);
  }

  byId(id: number): MirroredStream | undefined {
    return this.streams.get(id);
  }

  /** Asks for a snapshot, until one comes. What is known stays until then. */
  start(): void {
    this.stopped = false;
    this.ask();
  }

  stop(): void {
    this.stopped = true;
    this.clock.clearTimeout(this.timer);
  }

  /** @returns what is wrong with the message */
  receiveSnapshot(message: Record<string, unknown>): string | undefined {
    // others ask too, and their snapshots come on the same wire
    if (this.stopped || message.asker !== this.asker) return undefined;
    const parsed = snapshotSchema.safeParse(message);
    if (!parsed.success) return firstIssue(parsed.error);
    const { seq, payload, part, parts } = parsed.data;
    if (part === 0) this.building = { seq, streams: [], next: 0 };
    const { building } = this;
    if (building?.next !== part || building.seq !== seq) return undefined;
    building.streams.push(...payload);
    building.next++;
    if (building.next < parts) return undefined;
    this.building = undefined;
    this.asking = false;
    this.clock.clearTimeout(this.timer);
    this.doubt(building.streams.length === 0);
    this.replaceAll(building.streams, seq);
    return undefined;
  }

  /** @returns what is wrong with the message */
  receiveChanges(message: Record<string, unknown>): string | undefined {
    if (this.stopped) return undefined;
    const parsed = changesSchema.safeParse(message);
    if (!parsed.success) return firstIssue(parsed.error);
    const changes = parsed.data;
    if (this.seq === undefined || this.building) {
      if (this.held.length >= MOST_HELD) this.held.shift();
      this.held.push(changes);
    } else this.apply(changes);
    return undefined;
  }

  private ask(): void {
    this.clock.clearTimeout(this.timer);
    this.building = undefined;
    this.asking = true;
    this.timer = this.clock.setTimeout(() => this.ask(), SNAPSHOT_TIMEOUT_MS);
    this.listener.askSnapshot(this.asker);
  }

  /** That there is no stream is believed when the store still says so a while later. */
  private doubt(isEmpty: boolean): void {
    const now = this.clock.elapsed();
    this.emptySince = isEmpty ? (this.emptySince ?? now) : undefined;
    const leftMs = this.emptySince === undefined ? 0 : this.emptySince + EMPTY_DOUBTED_MS - now;
    this.doubted = leftMs > 0;
    if (this.doubted) this.timer = this.clock.setTimeout(() => this.ask(), leftMs);
  }

  private replaceAll(shown: readonly ShownStream[], seq: number): void {
    const before = this.streams;
    this.unnumbered = new Set(shown.filter(({ id }) => id === null).map(({ name }) => name));
    const streams = this.numbered(shown);
    this.streams = new Map(streams.map((stream) => [stream.id, stream]));
    this.ids = new Map(streams.map(({ name, id }) => [name, id]));
    this.seq = seq;
    this.missing.clear();
    for (const stream of before.values()) if (!this.streams.has(stream.id)) this.miss(stream);
    this.listener.onChange(streams, this.takeRemoved());
    const held = this.held.filter((changes) => changes.seq > seq);
    this.held = [];
    for (const changes of held) this.apply(changes);
  }

  private apply({ seq, payload, removed: names }: Changes): void {
    if (this.stopped || this.seq === undefined || seq === this.seq) return;
    // after a gap, and when the store was begun anew
    if (seq !== this.seq + 1) return this.ask();
    this.seq = seq;
    for (const name of names) this.unnumbered.delete(name);
    for (const { id, name } of payload) {
      if (id === null) this.unnumbered.add(name);
      else this.unnumbered.delete(name);
    }
    const changed = this.numbered(payload);
    // who had a name that is gone or another's now, and is not here under another one
    const gone = new Set([...names, ...changed.map(({ name }) => name)].map((name) => this.ids.get(name)));
    for (const stream of changed) this.put(stream);
    for (const { id } of changed) gone.delete(id);
    const removed: MirroredStream[] = [];
    for (const id of gone) {
      const stream = id === undefined ? undefined : this.streams.get(id);
      if (!stream) continue;
      this.forget(stream);
      removed.push(stream);
    }
    this.listener.onChange(changed, [...removed, ...this.takeRemoved()]);
    // it knows now which streams there are, and need not have told of all of them
    if (this.doubted && payload.length > 0 && !this.asking) this.ask();
  }

  /** One that has no id, but the name of a stream that is known, is that one as far as anybody knows. */
  private numbered(shown: readonly ShownStream[]): MirroredStream[] {
    const shownIds = new Set(shown.map(({ id }) => id));
    const streams: MirroredStream[] = [];
    for (const stream of shown) {
      const known = this.ids.get(stream.name);
      const id = stream.id ?? (shownIds.has(known ?? null) ? undefined : known);
      if (id !== undefined) streams.push({ ...stream, id });
    }
    return streams;
  }

  private miss(stream: MirroredStream): void {
    this.missing.add(stream.id);
    this.streams.set(stream.id, stream);
    if (!this.ids.has(stream.name)) this.ids.set(stream.name, stream.id);
  }

  /** What was missing, once it is known to be gone. */
  private takeRemoved(): MirroredStream[] {
    if (!this.complete) return [];
    const removed = [...this.missing].map((id) => this.streams.get(id) as MirroredStream);
    for (const stream of removed) this.forget(stream);
    return removed;
  }

  private put(stream: MirroredStream): void {
    const before = this.streams.get(stream.id);
    if (before) this.forget(before);
    this.streams.set(stream.id, stream);
    this.ids.set(stream.name, stream.id);
  }

  private forget({ id, name }: MirroredStream): void {
    this.streams.delete(id);
    this.missing.delete(id);
    if (this.ids.get(name) === id) this.ids.delete(name);
  }
}
