import { spawn, type ChildProcess } from "node:child_process";
import type { Readable } from "node:stream";
import process from "node:process";
import type { Clock } from "../clock";

export interface ChildTask {
  /** Absolute path; no shell ever sees it or its arguments. */
  file: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  /** Wall clock, waiting for a turn included. */
  timeoutMs: number;
  /** Of all that it writes; more ends it. */
  mostBytes: number;
  /** What it finds on its standard input; without it there is none. */
  input?: Buffer;
  /** It has a second output, on descriptor 3. */
  hasSecondOutput?: boolean;
  /** Takes its standard output as it comes. The outcome holds none then. */
  onOutput?(chunk: Buffer): void;
  /** Ends it. */
  signal?: AbortSignal;
}

export type ChildOutcome =
  | {
      end: "exited";
      code: number | null;
      signal: string | null;
      stdout: Buffer;
      /** Empty where there is none. */
      secondOutput: Buffer;
      /** The last of what it said. */
      stderr: string;
    }
  | { end: "too_late" }
  | { end: "too_much" }
  | { end: "stopped" }
  /** This machine could not run it, or had no turn for it in time. */
  | { end: "not_started"; because: string };

/** Hears of each process when it was started, and when it has ended. */
export type ChildListener = (pid: number, runs: boolean) => void;

const MOST_WAITING = 6;
const KEPT_STDERR = 4096;
const MOST_STDERR = 1024 * 1024;
/** After its end, or after it was killed, its pipes may stay open so long. */
const GRACE_MS = 500;

/** Runs child processes: a few at once, each with limits of time and output, none longer than its owner lives. */
export class Children {
  private readonly running = new Set<Child>();
  private readonly waiting = new Set<() => void>();
  private stopped = false;

  constructor(
    private readonly clock: Clock,
    private readonly mostAtOnce = 2,
    private readonly onChild: ChildListener = () => {},
  ) {}

  /** False when so many wait already that another one had better not. */
  get hasRoom(): boolean {
    return this.running.size + this.waiting.size < this.mostAtOnce + MOST_WAITING;
  }

  async run(task: ChildTask): Promise<ChildOutcome> {
    const until = this.clock.elapsed() + task.timeoutMs;
    if (task.signal?.aborted) return { end: "stopped" };
    while (!this.stopped && this.running.size >= this.mostAtOnce) {
      const came = await this.turn(until - this.clock.elapsed());
      if (!came) return { end: "not_started", because: "too many pictures are examined at once" };
    }
    if (this.stopped) return { end: "stopped" };
    const child = new Child(task, this.clock, this.onChild);
    const onAbort = () => child.end("stopped");
    this.running.add(child);
    task.signal?.addEventListener("abort", onAbort);
    try {
      return await child.run(until - this.clock.elapsed());
    } finally {
      task.signal?.removeEventListener("abort", onAbort);
      this.running.delete(child);
      const [next] = this.waiting;
      next?.();
    }
  }

  stop(): void {
    this.stopped = true;
    for (const child of this.running) child.end("stopped");
    for (const wake of this.waiting) wake();
  }

  /** @returns false when none came in time */
  private turn(waitMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (came: boolean) => {
        this.clock.clearTimeout(timer);
        this.waiting.delete(wake);
        resolve(came);
      };
      const wake = () => settle(true);
      const timer = this.clock.setTimeout(() => settle(false), Math.max(0, waitMs));
      this.waiting.add(wake);
    });
  }
}

/** Kills a process with all that it has started. Nothing happens where it has ended. */
export function killGroup(pid: number): void {
  for (const target of process.platform === "win32" ? [pid] : [-pid, pid]) {
    try {
      process.kill(target, "SIGKILL");
      return;
    } catch {
      // it has ended, or leads no group
    }
  }
}

/** One child process from its start to its outcome. */
class Child {
  private process?: ChildProcess;
  private killedBecause?: "too_late" | "too_much" | "stopped";
  private readonly stdout: Buffer[] = [];
  private readonly secondOutput: Buffer[] = [];
  private outputBytes = 0;
  private stderr = "";
  private stderrBytes = 0;
  private readonly timers: unknown[] = [];
  private resolve: (outcome: ChildOutcome) => void = () => {};

  constructor(
    private readonly task: ChildTask,
    private readonly clock: Clock,
    private readonly onChild: ChildListener,
  ) {}

  run(timeoutMs: number): Promise<ChildOutcome> {
    const outcome = new Promise<ChildOutcome>((resolve) => (this.resolve = resolve));
    this.timers.push(this.clock.setTimeout(() => this.end("too_late"), timeoutMs));
    try {
      this.start();
    } catch (error) {
      this.failed(error as NodeJS.ErrnoException);
    }
    return outcome;
  }

  /** Kills it. It is reaped when its exit is heard. */
  end(because: "too_late" | "too_much" | "stopped"): void {
    const { process: child } = this;
    this.killedBecause ??= because;
    if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return;
    // where the system cannot end it, nobody is to wait for it
    this.timers.push(this.clock.setTimeout(() => this.finish({ end: because }), GRACE_MS));
    killGroup(child.pid);
  }

  private start(): void {
    const { file, args, env, input, hasSecondOutput } = this.task;
    const child = spawn(file, args, {
      env,
      stdio: [input ? "pipe" : "ignore", "pipe", "pipe", hasSecondOutput ? "pipe" : "ignore"],
      // a group of its own, so that what a wrapper script has started ends with it
      detached: process.platform !== "win32",
      windowsHide: true,
    });
    this.process = child;
    const { pid } = child;
    if (pid !== undefined) {
      this.onChild(pid, true);
      child.once("exit", () => this.onChild(pid, false));
    }
    child.once("error", (error: NodeJS.ErrnoException) => this.failed(error));
    child.stdout?.on("data", (chunk: Buffer) => this.hear(chunk));
    child.stderr?.on("data", (chunk: Buffer) => this.overhear(chunk));
    this.second?.on("data", (chunk: Buffer) => this.count(chunk) && this.secondOutput.push(chunk));
    this.second?.on("error", () => {});
    // it may end before it has read everything
    child.stdin?.on("error", () => {}).end(input);
    child.once("close", (code, signal) => this.ended(code, signal));
    child.once("exit", (code, signal) => {
      this.timers.push(this.clock.setTimeout(() => this.ended(code, signal), GRACE_MS));
    });
  }

  private failed({ code, message }: NodeJS.ErrnoException): void {
    this.finish({ end: "not_started", because: code ?? message });
  }

  private ended(code: number | null, signal: string | null): void {
    const stdout = Buffer.concat(this.stdout);
    const secondOutput = Buffer.concat(this.secondOutput);
    this.finish({ end: "exited", code, signal, stdout, secondOutput, stderr: this.stderr });
  }

  private finish(outcome: ChildOutcome): void {
    for (const timer of this.timers.splice(0)) this.clock.clearTimeout(timer);
    this.process?.stdout?.destroy();
    this.process?.stderr?.destroy();
    this.second?.destroy();
    this.resolve(this.killedBecause ? { end: this.killedBecause } : outcome);
  }

  private hear(chunk: Buffer): void {
    if (!this.count(chunk)) return;
    if (this.task.onOutput) this.task.onOutput(chunk);
    else this.stdout.push(chunk);
  }

  /** @returns false when that was too much */
  private count(chunk: Buffer): boolean {
    this.outputBytes += chunk.length;
    const isTooMuch = this.outputBytes > this.task.mostBytes;
    if (isTooMuch) this.end("too_much");
    return !isTooMuch;
  }

  private get second(): Readable | undefined {
    return (this.process?.stdio[3] as Readable | null | undefined) ?? undefined;
  }

  private overhear(chunk: Buffer): void {
    this.stderrBytes += chunk.length;
    if (this.stderrBytes > MOST_STDERR) this.end("too_much");
    else this.stderr = (this.stderr + chunk.toString("latin1")).slice(-KEPT_STDERR);
  }
}
