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

export type MirroredStream = z.infer<typeof streamSchema> & { id: number };

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
const MOST_HELD = 100;

/**
 * All streams as the store knows them: one snapshot, then numbered changes. After a gap it asks for a snapshot again.
 * Streams that have no lasting id yet are not shown.
 */
export class StreamsMirror {
  private streams = new Map<number, MirroredStream>();
  private ids = new Map<string, number>();
  private seq?: number;
  private building?: { seq: number; streams: MirroredStream[]; next: number };
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
    building.streams.push(...payload.filter(hasId));
    building.next++;
    if (building.next < parts) return undefined;
    this.building = undefined;
    this.clock.clearTimeout(this.timer);
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
    this.timer = this.clock.setTimeout(() => this.ask(), SNAPSHOT_TIMEOUT_MS);
    this.listener.askSnapshot(this.asker);
  }

  private replaceAll(streams: readonly MirroredStream[], seq: number): void {
    const now = new Set(streams.map(({ id }) => id));
    const removed = [...this.streams.values()].filter(({ id }) => !now.has(id));
    this.streams = new Map(streams.map((stream) => [stream.id, stream]));
    this.ids = new Map(streams.map(({ name, id }) => [name, id]));
    this.seq = seq;
    this.listener.onChange([...streams], removed);
    const held = this.held.filter((changes) => changes.seq > seq);
    this.held = [];
    for (const changes of held) this.apply(changes);
  }

  private apply({ seq, payload, removed: names }: Changes): void {
    if (this.stopped || this.seq === undefined || seq === this.seq) return;
    // after a gap, and when the store was begun anew
    if (seq !== this.seq + 1) return this.ask();
    this.seq = seq;
    const changed = payload.filter(hasId);
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
    this.listener.onChange(changed, removed);
  }

  private put(stream: MirroredStream): void {
    const before = this.streams.get(stream.id);
    if (before) this.forget(before);
    this.streams.set(stream.id, stream);
    this.ids.set(stream.name, stream.id);
  }

  private forget({ id, name }: MirroredStream): void {
    this.streams.delete(id);
    if (this.ids.get(name) === id) this.ids.delete(name);
  }
}

function hasId(stream: z.infer<typeof streamSchema>): stream is MirroredStream {
  return stream.id !== null;
}
