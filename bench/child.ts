import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import process from "node:process";

/**
 * What must not share a process with anything else that is measured runs in a child: the parent calls functions of
 * the child by name, one at a time or several, and gets what they return.
 */

interface Call {
  id: number;
  name: string;
  parameters: unknown;
}

interface Reply {
  id: number;
  result?: unknown;
  error?: string;
}

interface Waiting {
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
}

export class BenchChild {
  private readonly waiting = new Map<number, Waiting>();
  private calls = 0;

  private constructor(
    private readonly name: string,
    private readonly child: ChildProcess,
  ) {
    child.on("message", ({ id, result, error }: Reply) => {
      const call = this.waiting.get(id);
      this.waiting.delete(id);
      if (error === undefined) call?.resolve(result);
      else call?.reject(new Error(`${this.name}: ${error}`));
    });
    child.once("exit", (code) => {
      for (const { reject } of this.waiting.values())
        reject(new Error(`${this.name} ended with code ${code}`));
      this.waiting.clear();
    });
  }

  /** @param name the file's, without folder and suffix */
  static start(name: string): BenchChild {
    return new BenchChild(name, fork(path.join(__dirname, `${name}.js`)));
  }

  call<Result>(name: string, parameters?: unknown): Promise<Result> {
    const id = this.calls++;
    return new Promise<Result>((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as (result: unknown) => void, reject });
      this.child.send({ id, name, parameters } satisfies Call);
    });
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, "exit");
    this.child.disconnect();
    await ended;
  }
}

/** The child's side. The process ends when its parent lets it go or dies. */
export function answerCalls(functions: Record<string, (parameters: never) => unknown>): void {
  process.on("disconnect", () => process.exit());
  // Ctrl-C reaches the whole group: the parent ends its children in its own order.
  process.on("SIGINT", () => {});
  process.on("message", ({ id, name, parameters }: Call) => {
    const reply = (answer: Omit<Reply, "id">) => process.connected && process.send?.({ id, ...answer });
    Promise.resolve()
      .then(() => {
        const called = functions[name];
        if (!called) throw new Error(`it has no function ${name}`);
        return called(parameters as never);
      })
      .then(
        (result) => reply({ result }),
        (error: unknown) => reply({ error: error instanceof Error ? error.message : String(error) }),
      );
  });
}
