import type { Clock } from "../../common/clock";

/** Something that is due at a time. It can be moved or taken off until then. */
export interface AgendaEntry<T> {
  readonly item: T;
  /** On the clock that never jumps, in milliseconds. */
  dueAt: number;
  /** Its place in the heap; -1 when it is not on the agenda. */
  index: number;
}

/** Runs items when they are due: a binary heap and one timer, whatever the number of items. */
export class Agenda<T> {
  private readonly heap: AgendaEntry<T>[] = [];
  private timer: unknown;
  private timerAt = Infinity;

  /** @param onDue called once for each item that is due, which is off the agenda by then */
  constructor(
    private readonly clock: Clock,
    private readonly onDue: (item: T, dueAt: number) => void,
  ) {}

  get size(): number {
    return this.heap.length;
  }

  /** Puts the entry on the agenda, or moves it. */
  set(entry: AgendaEntry<T>, dueAt: number): void {
    entry.dueAt = dueAt;
    if (entry.index < 0) {
      entry.index = this.heap.length;
      this.heap.push(entry);
    }
    this.rise(entry.index);
    this.sink(entry.index);
    this.arm();
  }

  remove(entry: AgendaEntry<T>): void {
    const { index } = entry;
    if (index < 0) return;
    entry.index = -1;
    const last = this.heap.pop() as AgendaEntry<T>;
    if (last === entry) return;
    this.place(last, index);
    this.rise(index);
    this.sink(last.index);
  }

  clear(): void {
    for (const entry of this.heap) entry.index = -1;
    this.heap.length = 0;
    this.clock.clearTimeout(this.timer);
    this.timerAt = Infinity;
  }

  private arm(): void {
    const first = this.heap[0];
    if (!first || first.dueAt >= this.timerAt) return;
    this.clock.clearTimeout(this.timer);
    this.timerAt = first.dueAt;
    // a timer takes 31 bits of milliseconds
    const delayMs = Math.min(Math.max(0, first.dueAt - this.clock.elapsed()), 2 ** 31 - 1);
    this.timer = this.clock.setTimeout(() => this.run(), delayMs);
  }

  private run(): void {
    this.timerAt = Infinity;
    // a timer of whole milliseconds can come a fraction early
    const now = this.clock.elapsed() + 0.5;
    for (let first = this.heap[0]; first && first.dueAt <= now; first = this.heap[0]) {
      this.remove(first);
      this.onDue(first.item, first.dueAt);
    }
    this.arm();
  }

  private rise(index: number): void {
    const entry = this.heap[index] as AgendaEntry<T>;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = this.heap[parentIndex] as AgendaEntry<T>;
      if (parent.dueAt <= entry.dueAt) break;
      this.place(parent, index);
      index = parentIndex;
    }
    this.place(entry, index);
  }

  private sink(index: number): void {
    const entry = this.heap[index] as AgendaEntry<T>;
    for (;;) {
      let childIndex = 2 * index + 1;
      let child = this.heap[childIndex];
      const other = this.heap[childIndex + 1];
      if (other && child && other.dueAt < child.dueAt) {
        childIndex++;
        child = other;
      }
      if (!child || child.dueAt >= entry.dueAt) break;
      this.place(child, index);
      index = childIndex;
    }
    this.place(entry, index);
  }

  private place(entry: AgendaEntry<T>, index: number): void {
    this.heap[index] = entry;
    entry.index = index;
  }
}
