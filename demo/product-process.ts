import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import process from "node:process";

export interface ProductOptions {
  dataDir: string;
  /** STREAMPULSE_* and what else Node-RED's process should have. */
  env: Record<string, string | undefined>;
  /** Where its log goes: this process' own output, or nowhere but into the error when it fails. */
  log: "shown" | "kept";
}

/** As much of `GET /healthz` as the demo and the bench read. */
export interface Health {
  status: "starting" | "ok" | "degraded" | "failing";
  reasons: string[];
  parts: { probe?: { details: Record<string, unknown> } };
  process: { loopDelayP99Ms: number; cpuSeconds: number; rssBytes: number };
}

const KEPT_LOG = 8000;
const POLL_MS = 250;
/** Node-RED's own process is given 8 s to end. */
const STOP_MS = 12_000;

/** The real product, as `npm start` runs it, on a data folder of its own. */
export class ProductProcess {
  private child?: ChildProcess;
  private log = "";

  constructor(private readonly options: ProductOptions) {}

  get pid(): number | undefined {
    return this.child?.pid;
  }

  start(): void {
    const { dataDir, env, log } = this.options;
    const output = log === "shown" ? "inherit" : "pipe";
    const child = spawn(process.execPath, [path.join(__dirname, "../runtime/start.js")], {
      env: { ...process.env, ...env, STREAMPULSE_DATA: dataDir },
      stdio: ["ignore", output, output],
    });
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (chunk: Buffer) => (this.log = (this.log + chunk.toString()).slice(-KEPT_LOG)));
    }
  }

  /** @throws Error with the end of the log when it ends, or is not ready within `timeoutMs` */
  async ready(apiUrl: string, timeoutMs = 60_000): Promise<Health> {
    const deadline = performance.now() + timeoutMs;
    while (performance.now() < deadline) {
      if (this.ended) throw new Error(`StreamPulse ended before it was ready.\n${this.log}`);
      const health = await readHealth(apiUrl).catch(() => undefined);
      if (health && health.status !== "starting") return health;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    throw new Error(`StreamPulse was not ready within ${timeoutMs / 1000} s.\n${this.log}`);
  }

  /** Resolves with its exit code when it ends by itself. */
  async end(): Promise<number> {
    const child = this.child as ChildProcess;
    if (!this.ended) await once(child, "exit");
    return child.exitCode ?? 1;
  }

  async stop(): Promise<void> {
    const child = this.child;
    if (!child?.pid || this.ended) return;
    const exited = once(child, "exit");
    child.kill("SIGTERM");
    const force = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    await exited;
    clearTimeout(force);
  }

  private get ended(): boolean {
    return this.child?.exitCode !== null || this.child.signalCode !== null;
  }
}

/** @param apiUrl of the status API, without a slash at its end */
export async function readHealth(apiUrl: string): Promise<Health> {
  const response = await fetch(`${apiUrl}/healthz`, { signal: AbortSignal.timeout(5000) });
  return (await response.json()) as Health;
}
