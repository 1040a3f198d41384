import { fork, type ChildProcess } from "node:child_process";
import path from "node:path";
import { Backoff } from "../common/backoff";
import { systemClock, type Clock } from "../common/clock";
import type { Logger } from "../common/logger";
import { stdoutLogger } from "./log-handler";
import {
  ConfigurationError,
  EXIT_CONFIGURATION,
  packageRoot,
  readEnvironment,
  type Environment,
} from "./paths";
import type { Addresses } from "./plugin/product-runtime";
import { nodeRedFolder } from "./product-settings";

export interface ProductOptions {
  /** The whole environment of Node-RED's process, STREAMPULSE_* among it. */
  env: Environment;
  /** What relative paths begin at. */
  folder: string;
  logger: Logger;
  clock?: Clock;
  /** Gets what Node-RED's process writes; without it that goes where this process writes. */
  onOutput?: (text: string) => void;
}

/**
 * What Node-RED's process is started with, here, in the Dockerfile and in the systemd unit. The messages of a second are
 * garbage in the next: V8 keeps up to 48 MB of it in each of six threads where it may, and takes no more of the CPU with 6.
 */
export const NODE_FLAGS = ["--max-semi-space-size=2"];

/** Docker kills after 10 s. */
const STOP_MS = 8000;

/**
 * The product as a process of its own: a stock Node-RED with our settings file, started again with backoff when it
 * crashes, and ended with its parent.
 */
export class Product {
  private child?: ChildProcess;
  private startedAt = 0;
  private stopping = false;
  private timer: unknown;
  private readonly clock: Clock;
  private readonly backoff = new Backoff(1000, 60_000);
  private readonly waiting: {
    resolve: (addresses: Addresses) => void;
    reject: (error: Error) => void;
  }[] = [];
  private known?: Addresses;
  private reportEnd: (code: number) => void = () => {};

  /** Resolves with an exit code when the product is over: 0 after a clean stop. */
  readonly ended = new Promise<number>((resolve) => {
    this.reportEnd = resolve;
  });

  constructor(private readonly options: ProductOptions) {
    this.clock = options.clock ?? systemClock;
  }

  /**
   * @returns where it can be opened, once it can
   * @throws ConfigurationError when it could never start with these settings
   */
  async start(): Promise<Addresses> {
    readEnvironment(this.options.env, this.options.folder);
    const ready = new Promise<Addresses>((resolve, reject) => this.waiting.push({ resolve, reject }));
    this.spawn();
    return ready;
  }

  /** Where it can be opened now; undefined before it is ready, and while it is started again. */
  get addresses(): Addresses | undefined {
    return this.known;
  }

  /** The process id of Node-RED. */
  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** Ends Node-RED, by force when it takes too long. */
  async stop(): Promise<number> {
    if (!this.stopping) {
      this.stopping = true;
      this.clock.clearTimeout(this.timer);
      if (this.child) this.end(this.child);
      else this.reportEnd(0);
    }
    return this.ended;
  }

  private spawn(): void {
    const { env, folder, onOutput } = this.options;
    const { userDir } = readEnvironment(env, folder);
    const output = onOutput ? "pipe" : "inherit";
    this.startedAt = this.clock.elapsed();
    const child = fork(
      path.join(nodeRedFolder(packageRoot()), "red.js"),
      ["--settings", path.join(__dirname, "settings.js"), "--userDir", userDir],
      {
        cwd: folder,
        env,
        execArgv: [...process.execArgv, ...NODE_FLAGS],
        stdio: ["ignore", output, output, "ipc"],
      },
    );
    this.child = child;
    child.stdout?.setEncoding("utf8").on("data", (text: string) => onOutput?.(text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => onOutput?.(text));
    child.on("message", (message) => this.onMessage(message));
    child.on("error", (error) => {
      this.options.logger.error(`Node-RED's process: ${error.message}`);
      // it was never started, so that it will never end
      if (child.pid === undefined) this.onEnd(null, null);
    });
    // in contrast to "exit" this comes after the last output
    child.once("close", (code, signal) => {
      if (this.child === child) this.onEnd(code, signal);
    });
  }

  private onMessage(message: unknown): void {
    const { kind, addresses } = (message ?? {}) as { kind?: string; addresses?: Addresses };
    if (kind !== "streampulse-addresses" || !addresses) return;
    this.known = addresses;
    for (const { resolve } of this.waiting.splice(0)) resolve(addresses);
  }

  private onEnd(code: number | null, signal: NodeJS.Signals | null): void {
    this.child = undefined;
    this.known = undefined;
    const how = signal ? `by signal ${signal}` : `with code ${code ?? "unknown"}`;
    if (this.stopping) return this.finish(signal === "SIGKILL" ? 1 : 0, "it was stopped");
    if (code === EXIT_CONFIGURATION) return this.finish(1, "its settings do not serve");
    const delayMs = this.backoff.next(this.clock.elapsed() - this.startedAt);
    this.options.logger.error(`Node-RED ended ${how} and is started again in ${delayMs / 1000} s`);
    this.timer = this.clock.setTimeout(() => this.spawn(), delayMs);
  }

  private finish(code: number, why: string): void {
    for (const { reject } of this.waiting.splice(0)) reject(new ConfigurationError(`Not started: ${why}.`));
    this.reportEnd(code);
  }

  private end(child: ChildProcess): void {
    // Windows knows no SIGTERM; Node-RED takes this word for it
    if (process.platform === "win32" && child.connected) child.send("shutdown");
    else child.kill("SIGTERM");
    const force = this.clock.setTimeout(() => {
      this.options.logger.warn(`Node-RED did not end within ${STOP_MS / 1000} s and is killed`);
      child.kill("SIGKILL");
    }, STOP_MS);
    child.once("close", () => this.clock.clearTimeout(force));
  }
}

/** `npm start`. */
async function main(): Promise<number> {
  const folder = process.cwd();
  const logger = stdoutLogger(readEnvironment(process.env, folder).logLevel);
  const product = new Product({ env: process.env, folder, logger });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => void product.stop());
  }
  // scripts/run.mjs holds the other end: it may be killed
  if (process.connected) process.once("disconnect", () => void product.stop());
  product.start().then(
    ({ api, gui, editor }) => logger.info(readyLine(api, gui, editor)),
    // what is the matter stands in the log already
    () => {},
  );
  return product.ended;
}

function readyLine(api?: string, gui?: string, editor?: string): string {
  const places = [
    gui && `dashboard ${gui}`,
    api && `status API ${api}api/status`,
    editor && `editor ${editor}`,
  ];
  return `StreamPulse is ready: ${places.filter(Boolean).join(" · ")}`;
}

if (require.main === module) {
  main().then(
    (code) => process.exit(code),
    (error: unknown) => {
      if (!(error instanceof ConfigurationError)) throw error;
      console.error(`streampulse: ${error.message}`);
      process.exit(1);
    },
  );
}
