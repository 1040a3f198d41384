import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";

export interface ProgramOptions {
  file: string;
  args: string[];
  /** This process' own by default. */
  cwd?: string;
  env?: NodeJS.ProcessEnv;
}

export interface ReadyProcessOptions extends ProgramOptions {
  /** What to wait for in its output. */
  ready: RegExp;
  timeoutMs?: number;
}

const KEPT_OUTPUT = 100_000;

/** A program that a test starts, waits for, and ends by its own process id. */
export class ReadyProcess {
  /** What it wrote last. */
  output = "";
  /** How it ended; undefined while it runs. */
  ended?: { code: number | null; signal: NodeJS.Signals | null };
  private child?: ChildProcess;
  private closed?: Promise<unknown[]>;

  constructor(private readonly options: ReadyProcessOptions) {}

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** @returns the match of `ready` in the program's output */
  async start(): Promise<RegExpExecArray> {
    const { file, args, cwd, env, ready, timeoutMs = 30_000 } = this.options;
    // A pipe as standard input, so that programs that watch for its end die with the test.
    const child = spawn(file, args, { cwd, env, stdio: ["pipe", "pipe", "pipe"] });
    this.child = child;
    this.closed = once(child, "close");
    child.once("close", (code, signal) => (this.ended = { code, signal }));
    try {
      return await new Promise((resolve, reject) => {
        const fail = (reason: string) => reject(new Error(`${file} ${reason}: ${this.output}`));
        const timer = setTimeout(() => fail(`was not ready within ${timeoutMs} ms`), timeoutMs);
        const hear = (text: string) => {
          this.output = (this.output + text).slice(-KEPT_OUTPUT);
          const match = ready.exec(this.output);
          if (match) resolve(match);
        };
        child.stdout.setEncoding("utf8").on("data", hear);
        child.stderr.setEncoding("utf8").on("data", hear);
        this.closed?.then(
          ([code]) => fail(`ended with code ${String(code)}`),
          (error: Error) => fail(error.message),
        );
        child.once("close", () => clearTimeout(timer));
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

  /** Sends a signal and waits until the program, and all that hold its output, have ended. @returns its exit code */
  async kill(signal: NodeJS.Signals): Promise<number | null> {
    this.child?.kill(signal);
    const [code] = (await this.closed) as [number | null];
    return code;
  }
}

/** Runs a program that ends by itself. @returns its exit code and what it wrote */
export function runToEnd({
  file,
  args,
  cwd,
  env,
}: ProgramOptions): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    execFile(file, args, { cwd, env, timeout: 30_000 }, (error, stdout, stderr) => {
      const output = stdout + stderr;
      if (!error) resolve({ code: 0, output });
      else if (typeof error.code === "number") resolve({ code: error.code, output });
      else reject(new Error(`${file} did not end by itself: ${output}`, { cause: error }));
    });
  });
}
