import type { Health } from "./plugin/health";
import { ConfigurationError, readEnvironment } from "./paths";
import { listenerUrl } from "./plugin/public-listener";

/** What Docker's HEALTHCHECK runs beside the product: one line, and exit code 0 when it is healthy. */

const TIMEOUT_MS = 8000;

async function check(): Promise<boolean> {
  const { bind, apiPort } = readEnvironment(process.env, process.cwd());
  const response = await fetch(`${listenerUrl(bind, apiPort)}healthz`, {
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const { status, reasons } = (await response.json()) as Health;
  console.log([status, ...reasons].join(" | "));
  return response.ok && status !== "starting";
}

check().then(
  (healthy) => process.exit(healthy ? 0 : 1),
  (error: unknown) => {
    const known = error instanceof ConfigurationError;
    console.log(known ? error.message : `no answer of /healthz: ${String((error as Error).cause ?? error)}`);
    process.exit(1);
  },
);
