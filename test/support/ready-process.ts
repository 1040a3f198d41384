import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

export interface ReadyProcessOptions {
  file: string;
  args: string[];
  /** What to wait for in its output. */
  ready: RegExp;
  timeoutMs?: number;
}

const KEPT_OUTPUT = 4000;

/** A program that a test starts, waits for, and ends by its own process id. */
export class ReadyProcess {
  private child?: ChildProcess;
  private output = "";

  constructor(private readonly options: ReadyProcessOptions) {}

  /** @returns the match of `ready` in the program's output */
  async start(): Promise<RegExpExecArray> {
    const { file, args, ready, timeoutMs = 30_000 } = this.options;
    // A pipe as standard input, so that programs that watch for its end die with the test.
    const child = spawn(file, args, { stdio: ["pipe", "pipe", "pipe"] });
    this.child = child;
    try {
      return await new Promise((resolve, reject) => {
        const fail = (reason: string) => reject(new Error(`${file} ${reason}: ${this.output}`));
        const timer = setTimeout(() => fail(`was not ready within ${timeoutMs} ms`), timeoutMs);
        const hear = (chunk: Buffer) => {
          this.output = (this.output + chunk.toString()).slice(-KEPT_OUTPUT);
          const match = ready.exec(this.output);
          if (match) resolve(match);
        };
        child.stdout.on("data", hear);
        child.stderr.on("data", hear);
        child.once("error", (error) => fail(error.message));
        child.once("exit", (code) => fail(`ended with code ${code}`));
        child.once("exit", () => clearTimeout(timer));
      });
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }

  async stop(): Promise<void> {
    const child = this.child;
    this.child = undefined;
    if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    const force = setTimeout(() => child.kill("SIGKILL"), 2000);
    await ended;
    clearTimeout(force);
  }
}
