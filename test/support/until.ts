import { setTimeout as sleep } from "node:timers/promises";

/** Waits for a condition, as long as a loaded machine may take. What it throws in the end names the condition. */
export async function until(condition: () => boolean | Promise<boolean>, timeoutMs = 30_000): Promise<void> {
  const giveUpAt = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > giveUpAt)
      throw new Error(`not so within ${timeoutMs / 1000} s: ${condition.toString()}`);
    await sleep(10);
  }
}
