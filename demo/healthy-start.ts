import { setTimeout as sleep } from "node:timers/promises";
import type { Product } from "../runtime/start";

/** As much of `GET /healthz` as the demo and the bench read. */
export interface Health {
  status: "starting" | "ok" | "degraded" | "failing";
  parts: { probe?: { details: Record<string, unknown> } };
  process: { loopDelayP99Ms: number; cpuSeconds: number; rssBytes: number };
}

const POLL_MS = 250;

/**
 * Starts the product and waits until its parts have started too.
 * @returns the address of its status API, with a slash at its end
 * @throws Error when it cannot start with its settings, is stopped, or takes too long
 */
export async function startHealthy(product: Product, timeoutMs = 60_000): Promise<string> {
  const deadline = performance.now() + timeoutMs;
  let refusal: Error | undefined;
  product.start().catch((error: Error) => (refusal = error));
  while (performance.now() < deadline) {
    if (refusal) throw refusal;
    const apiUrl = product.addresses?.api;
    const health = apiUrl && (await readHealth(apiUrl).catch(() => undefined));
    if (health && health.status !== "starting") return apiUrl;
    await sleep(POLL_MS);
  }
  throw new Error(`StreamPulse was not ready within ${timeoutMs / 1000} s.`);
}

/** @param apiUrl of the status API, with a slash at its end */
export async function readHealth(apiUrl: string): Promise<Health> {
  const response = await fetch(`${apiUrl}healthz`, { signal: AbortSignal.timeout(5000) });
  return (await response.json()) as Health;
}
