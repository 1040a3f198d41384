import type { Clock } from "../../common/clock";
import type { LiveChangesMessage, LiveStream, SnapshotMessage } from "../../contracts";
import { isSameButCheck } from "./board-rows";

/** What became different. */
export interface Delta {
  /** Keys of streams that look different, or are new. */
  changed: number[];
  /** Keys of streams of which only the last check is a newer one. */
  checked: number[];
  /** Keys of streams that are gone. */
  removed: number[];
}

const ASK_AGAIN_MS = 5000;
/** So many changes wait for a snapshot; those before would be in it anyway. */
const MOST_WAITING = 200;

/** All streams as the store tells them: a snapshot once, then numbered changes, and a new snapshot after a gap. */
export class BoardMirror {
  private streams = new Map<number, LiveStream>();
  private keys = new Map<string, number>();
  /** Below zero, for streams that have no id yet. */
  private lastTemporary = 0;
  /** Undefined until there was a whole snapshot, and from a gap on. */
  private seq?: number;
  private gathered?: { seq: number; streams: LiveStream[]; parts: number };
  private waiting: LiveChangesMessage[] = [];
  private timer: unknown;
  private isAsking = false;

  /** True once all streams are known. */
  ready = false;

  /** @param askSnapshot sends the store a request for a snapshot */
  constructor(
    private readonly clock: Clock,
    private readonly askSnapshot: () => void,
    private readonly onDelta: (delta: Delta) => void,
  ) {}

  start(): void {
    this.ask();
  }

  stop(): void {
    this.clock.clearTimeout(this.timer);
  }

  get(key: number): LiveStream | undefined {
    return this.streams.get(key);
  }

  keyOf(name: string): number | undefined {
    return this.keys.get(name);
  }

  allKeys(): number[] {
    return [...this.streams.keys()];
  }

  get size(): number {
    return this.streams.size;
  }

  receiveSnapshot({ seq, payload, part, parts }: SnapshotMessage): void {
    if (part === 0) this.gathered = { seq, streams: [], parts: 0 };
    const { gathered } = this;
    if (!gathered || gathered.parts !== part || gathered.seq !== seq) {
      this.gathered = undefined;
      return;
    }
    gathered.streams.push(...payload);
    gathered.parts++;
    if (gathered.parts < parts) return;
    this.gathered = undefined;
    this.isAsking = false;
    this.clock.clearTimeout(this.timer);
    this.seq = seq;
    this.replaceAll(gathered.streams);
    const waiting = this.waiting.filter((changes) => changes.seq > seq);
    this.waiting = [];
    for (const changes of waiting) this.receiveChanges(changes);
  }

  receiveChanges(message: LiveChangesMessage): void {
    if (this.seq === undefined) return this.keep(message);
    if (message.seq <= this.seq) return;
    if (message.seq !== this.seq + 1) {
      this.seq = undefined;
      this.keep(message);
      return this.ask();
    }
    this.seq = message.seq;
    const delta = this.apply(message.payload, message.removed);
    if (!isEmpty(delta)) this.onDelta(delta);
  }

  private keep(message: LiveChangesMessage): void {
    this.waiting.push(message);
    if (this.waiting.length > MOST_WAITING) this.waiting.shift();
    this.ask();
  }

  private ask(): void {
    if (this.isAsking) return;
    this.isAsking = true;
    this.timer = this.clock.setTimeout(() => {
      this.isAsking = false;
      this.ask();
    }, ASK_AGAIN_MS);
    this.askSnapshot();
  }

  private replaceAll(streams: readonly LiveStream[]): void {
    const names = new Set(streams.map(({ name }) => name));
    const gone = [...this.keys.keys()].filter((name) => !names.has(name));
    const delta = this.apply(streams, gone);
    const wasReady = this.ready;
    this.ready = true;
    // the first time even nothing is news
    if (!wasReady || !isEmpty(delta)) this.onDelta(delta);
  }

  private apply(streams: readonly LiveStream[], removedNames: readonly string[]): Delta {
    const delta: Delta = { changed: [], checked: [], removed: [] };
    /** What no longer has its name, or got its lasting id as a key: gone, unless it is here again under another name. */
    const left = new Set<number>();
    const release = (name: string, key: number | undefined) => {
      const known = this.keys.get(name);
      if (known !== undefined && known !== key) left.add(known);
    };
    for (const name of removedNames) {
      release(name, undefined);
      this.keys.delete(name);
    }
    for (const stream of streams) {
      const key = this.keyFor(stream);
      release(stream.name, key);
      const before = this.streams.get(key);
      this.keys.set(stream.name, key);
      this.streams.set(key, stream);
      (before && isSameButCheck(before, stream) ? delta.checked : delta.changed).push(key);
    }
    for (const { name } of streams) left.delete(this.keys.get(name) as number);
    for (const key of left) {
      this.streams.delete(key);
      delta.removed.push(key);
    }
    return delta;
  }

  /**
   * A page keeps what it knows by the key while the server is started anew: so it is the lasting id. A database that
   * opens knows none for a moment.
   */
  private keyFor({ id, name }: LiveStream): number {
    return id ?? this.keys.get(name) ?? --this.lastTemporary;
  }
}

function isEmpty({ changed, checked, removed }: Delta): boolean {
  return changed.length + checked.length + removed.length === 0;
}
