import type { LiveChangesMessage, LiveStream, SnapshotMessage } from "../../contracts";
import type { Clock } from "../../common/clock";
import type { LiveStatus } from "./live-status";
import type { StreamEntry } from "./stream-entry";

const SEND_EVERY_MS = 250;
/** Of one message of changes; the others follow in the next one. */
const MOST_CHANGES = 2000;
const STREAMS_A_PART = 500;
const MOST_SNAPSHOTS = 100;

/** A snapshot on its way. */
interface Snapshot {
  request: Record<string, unknown>;
  send: (part: SnapshotMessage) => void;
  done: (error?: Error) => void;
  signal: AbortSignal;
  /** The names as they were when it began. */
  names?: string[];
  part: number;
}

/**
 * Tells those who live longer what the live status is: snapshots in parts, one a turn of the event loop, and numbered
 * changes. While a snapshot is on its way the changes wait, so that all its parts have the number of one moment.
 */
export class LiveFeed {
  /** Begins where no earlier run can have come to, so that its end is a gap for those who heard it. */
  private seq: number;
  private sentAt = -Infinity;
  private timer: unknown;
  private readonly listeners = new Set<(message: LiveChangesMessage) => void>();
  private readonly snapshots: Snapshot[] = [];

  constructor(
    private readonly live: LiveStatus,
    private readonly clock: Clock,
  ) {
    this.seq = clock.now();
  }

  /** Something has changed after nothing had. */
  readonly wake = (): void => {
    if (this.timer !== undefined || this.snapshots.length > 0) return;
    if (this.listeners.size === 0 || !this.live.hasChanges) return;
    const waitMs = Math.max(0, this.sentAt + SEND_EVERY_MS - this.clock.elapsed());
    this.timer = this.clock.setTimeout(() => {
      this.timer = undefined;
      if (this.listeners.size > 0) this.sendChanges();
    }, waitMs);
  };

  /**
   * Changes that nobody hears wait for the next listener.
   * @returns ends it
   */
  subscribe(listener: (message: LiveChangesMessage) => void): () => void {
    this.listeners.add(listener);
    this.wake();
    return () => this.listeners.delete(listener);
  }

  /**
   * Sends all streams in parts that keep the request's other properties.
   * @param done called after the last part, or with an error when too many wait already
   */
  snapshot(
    request: Record<string, unknown>,
    send: (part: SnapshotMessage) => void,
    done: (error?: Error) => void,
    signal: AbortSignal,
  ): void {
    if (this.snapshots.length >= MOST_SNAPSHOTS) {
      return done(new Error(`${MOST_SNAPSHOTS} snapshots are on their way already: ask again later.`));
    }
    this.snapshots.push({ request, send, done, signal, part: 0 });
    if (this.snapshots.length === 1) this.sendPartLater();
  }

  stop(): void {
    this.clock.clearTimeout(this.timer);
    this.listeners.clear();
    for (const { done } of this.snapshots.splice(0)) done();
  }

  private sendPartLater(): void {
    this.clock.clearTimeout(this.timer);
    this.timer = this.clock.setTimeout(() => {
      this.timer = undefined;
      this.sendPart();
      if (this.snapshots.length > 0) this.sendPartLater();
      else this.wake();
    }, 0);
  }

  private sendPart(): void {
    const [snapshot] = this.snapshots;
    if (!snapshot) return;
    const { request, send, done, signal, part } = snapshot;
    const names = (snapshot.names ??= [...this.live.all()].map(({ name }) => name));
    const parts = Math.max(1, Math.ceil(names.length / STREAMS_A_PART));
    if (!signal.aborted) {
      const some = names.slice(part * STREAMS_A_PART, (part + 1) * STREAMS_A_PART);
      send({ ...request, topic: "snapshot", seq: this.seq, payload: this.streams(some), part, parts });
    }
    snapshot.part++;
    if (snapshot.part < parts && !signal.aborted) return;
    this.snapshots.shift();
    done();
  }

  private sendChanges(): void {
    const { changed, removed } = this.live.takeChanges(MOST_CHANGES);
    this.sentAt = this.clock.elapsed();
    const message: LiveChangesMessage = {
      topic: "changes",
      seq: ++this.seq,
      payload: this.streams(changed),
      removed,
    };
    for (const listener of this.listeners) listener(message);
    this.wake();
  }

  private streams(names: readonly string[]): LiveStream[] {
    return names
      .map((name) => this.live.find(name))
      .filter((entry) => entry !== undefined)
      .map(toLiveStream);
  }
}

function toLiveStream(entry: StreamEntry): LiveStream {
  const { id, name, position, group, tags, enabled, url, state, reason, since, last, media } = entry;
  const live: LiveStream = {
    ...{ id, name, position, group: group ?? null, tags, enabled, url, state, reason, since, media },
    last: last && {
      ...{ at: last.at, state: last.state, reason: last.reason, message: last.message },
      ...{ latencyMs: last.latencyMs, timings: last.timings, level: last.level },
    },
  };
  if (entry.flapping) Object.assign(live, { flapping: true, flaps: entry.flaps });
  return live;
}
