/** Which of many items of known heights are on the screen. */
export class VirtualWindow {
  /** Where each item begins, and at the end where the last one ends. */
  private readonly offsets: Float64Array;

  /** @param heights in pixels */
  constructor(heights: readonly number[]) {
    this.offsets = new Float64Array(heights.length + 1);
    heights.forEach((height, index) => (this.offsets[index + 1] = this.top(index) + height));
  }

  /** Of all items together. */
  get height(): number {
    return this.top(this.offsets.length - 1);
  }

  /** Where an item begins. */
  top(index: number): number {
    return this.offsets[index] ?? 0;
  }

  /**
   * @param top of what is on the screen, in pixels from the first item
   * @returns the first item on the screen, and the one after the last
   */
  range(top: number, bottom: number): [first: number, end: number] {
    const count = this.offsets.length - 1;
    if (bottom <= 0 || count === 0) return [0, 0];
    const first = this.indexAt(Math.max(0, top));
    if (first >= count) return [count, count];
    return [first, Math.min(count, this.indexAt(bottom) + 1)];
  }

  /** The item that covers a place. */
  private indexAt(place: number): number {
    let [low, high] = [0, this.offsets.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.top(middle) <= place) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
