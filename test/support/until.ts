import { setTimeout as sleep } from "node:timers/promises";

/**
 * Waits until there is something, as long as a loaded machine may take.
 * @returns what there is
 * @throws Error that shows the condition
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  timeoutMs = 30_000,
): Promise<Exclude<T, undefined | null | false>> {
  const giveUpAt = performance.now() + timeoutMs;
  for (;;) {
    const found = await condition();
    if (found) return found as Exclude<T, undefined | null | false>;
    if (performance.now() > giveUpAt)
      throw new Error(`not so within ${timeoutMs / 1000} s: ${condition.toString()}`);
    await sleep(10);
  }
}
