import { shallowRef } from "vue";

/** What the pointer or the keyboard is at: one small window for all bars and charts of the page. */
export interface Tip {
  /** Where it points to, in the browser's window. */
  x: number;
  y: number;
  lines: readonly string[];
}

export const tip = shallowRef<Tip | null>(null);

export function showTip(shown: Tip): void {
  tip.value = shown;
}

export function hideTip(): void {
  tip.value = null;
}
