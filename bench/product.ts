import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { LOOPBACK } from "../demo/cameras";
import { readHealth, startHealthy } from "../demo/healthy-start";
import { stdoutLogger } from "../runtime/log-handler";
import { Product } from "../runtime/start";
import { treeCpuSeconds } from "./cpu";

export const HEARTBEAT_SECONDS = 20;
const KEPT_LOG = 8000;
/** Of a product that lives as long as a measurement, on loopback. */
export const PASSWORD = "bench-only";

/** What the product has done up to one moment. */
export interface Snapshot {
  atSeconds: number;
  cpuSeconds: number;
  checks: number;
  skipped: number;
  up: number;
  /** Both over the last one to two minutes. */
  latenessP99Ms: number;
  loopDelayP99Ms: number;
  residentMb: number;
}

/** The real product on a throw-away data folder, watching the farm. */
export class BenchedProduct {
  private readonly folder = mkdtempSync(path.join(os.tmpdir(), "streampulse-bench-"));
  private product?: Product;
  private log = "";
  /** With a slash at its end. */
  apiUrl = "";

  constructor(
    private readonly urls: readonly string[],
    /** Set where the farm has one host only, which the product's limit per host would hold up. */
    private readonly handshakesPerHost?: number,
    /** Look at each picture once a minute, as a new config.yaml has it. */
    private readonly pictures = false,
    /** Publish every stream to the broker that listens there. */
    private readonly mqttPort?: number,
  ) {}

  /** @throws Error with the end of its log when it does not come up */
  async start(): Promise<void> {
    writeFileSync(path.join(this.folder, "config.yaml"), this.config());
    const keep = (text: string) => (this.log = (this.log + text).slice(-KEPT_LOG));
    this.product = new Product({
      env: {
        ...process.env,
        STREAMPULSE_DATA: this.folder,
        STREAMPULSE_API_PORT: "0",
        STREAMPULSE_GUI_PORT: "0",
        STREAMPULSE_EDITOR_PORT: "0",
        STREAMPULSE_BIND: LOOPBACK,
        STREAMPULSE_ADMIN_PASSWORD: PASSWORD,
        STREAMPULSE_API_TOKEN: undefined,
        DB_PATH: undefined,
        CFG_PATH: undefined,
      },
      folder: this.folder,
      logger: stdoutLogger("info", keep),
      onOutput: keep,
    });
    try {
      this.apiUrl = await startHealthy(this.product);
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${this.log}`, { cause: error });
    }
  }

  /** Of the dashboard, with a slash at its end. */
  get guiUrl(): string {
    return this.product?.addresses?.gui as string;
  }

  /** @throws Error when not all streams are up in time */
  async untilAllUp(timeoutMs = 180_000): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    let up = 0;
    while (performance.now() < deadline) {
      up = (await this.snapshot()).up;
      if (up === this.urls.length) return;
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
    throw new Error(`Only ${up} of ${this.urls.length} streams were up after ${timeoutMs / 1000} s.`);
  }

  async snapshot(): Promise<Snapshot> {
    const health = await readHealth(this.apiUrl);
    const probe = health.parts.probe?.details ?? {};
    return {
      atSeconds: performance.now() / 1000,
      cpuSeconds: treeCpuSeconds(this.product?.pid as number) ?? health.process.cpuSeconds,
      checks: numberOf(probe, "checks"),
      skipped: numberOf(probe, "skipped"),
      up: numberOf((probe.states ?? {}) as Record<string, unknown>, "up"),
      latenessP99Ms: numberOf(probe, "latenessP99Ms"),
      loopDelayP99Ms: health.process.loopDelayP99Ms,
      residentMb: health.process.rssBytes / 1e6,
    };
  }

  async stop(): Promise<void> {
    await this.product?.stop();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  private config(): string {
    const perHost = this.handshakesPerHost ? `  max_handshakes_per_host: ${this.handshakesPerHost}\n` : "";
    const streams = this.urls.map((url, i) => `  - name: Stream ${i + 1}\n    url: ${url}\n`).join("");
    const mqtt = `mqtt: {enabled: true, host: ${LOOPBACK}, port: ${this.mqttPort}, per_stream: true}\n`;
    return (
      `heartbeat_seconds: ${HEARTBEAT_SECONDS}\n` +
      (this.mqttPort === undefined ? "" : mqtt) +
      (this.pictures
        ? `probe:\n  media_seconds: 60\n${perHost}`
        : `probe:\n  level: handshake\n  media_seconds: 0\n${perHost}`) +
      (streams === "" ? "streams: []\n" : `streams:\n${streams}`)
    );
  }
}

function numberOf(details: Record<string, unknown>, name: string): number {
  const value = details[name];
  return typeof value === "number" ? value : 0;
}
