import { get } from "node:http";
import type { Health } from "./plugin/health";
import { ConfigurationError, readEnvironment } from "./paths";
import { listenerUrl } from "./plugin/public-listener";

/** What Docker's HEALTHCHECK runs beside the product: one line, and exit code 0 when it is healthy. */

const TIMEOUT_MS = 8000;

/** Not by fetch(): loading that takes more than all the rest, and this runs three times a minute. */
function read(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, { signal: AbortSignal.timeout(TIMEOUT_MS) }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (more: string) => (text += more));
      response.on("error", reject).on("end", () => resolve(text));
    }).on("error", reject);
  });
}

async function check(): Promise<boolean> {
  const { bind, apiPort } = readEnvironment(process.env, process.cwd());
  const { status, reasons } = JSON.parse(await read(`${listenerUrl(bind, apiPort)}healthz`)) as Health;
  console.log([status, ...reasons].join(" | "));
  return status === "ok" || status === "degraded";
}

check().then(
  (healthy) => process.exit(healthy ? 0 : 1),
  (error: Error) => {
    const known = error instanceof ConfigurationError;
    console.log(known ? error.message : `no answer of /healthz: ${error.message}`);
    process.exit(1);
  },
);
