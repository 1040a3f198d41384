/** Streams that somebody wants ffprobe to look at: a few get their turn at once, the others wait in order. */
export class DeepTurns<T> {
  private readonly waiting = new Set<T>();
  private readonly admitted = new Set<T>();

  /** @param admit called once for each when it is its turn, which lasts until `leave` */
  constructor(
    private readonly mostAtOnce: number,
    private readonly admit: (item: T) => void,
  ) {}

  join(item: T): void {
    if (!this.admitted.has(item)) this.waiting.add(item);
    this.fill();
  }

  /** It is its turn, and it has not had it yet. */
  isAdmitted(item: T): boolean {
    return this.admitted.has(item);
  }

  leave(item: T): void {
    this.waiting.delete(item);
    if (this.admitted.delete(item)) this.fill();
  }

  clear(): void {
    this.waiting.clear();
    this.admitted.clear();
  }

  private fill(): void {
    for (const item of this.waiting) {
      if (this.admitted.size >= this.mostAtOnce) return;
      this.waiting.delete(item);
      this.admitted.add(item);
      this.admit(item);
    }
  }
}
