import { execFile, spawnSync } from "node:child_process";
import process from "node:process";
import { promisify } from "node:util";
import { skipped } from "../support/needs";

const run = promisify(execFile);

const MOST_OUTPUT = 64 * 1024 * 1024;
/** A program that starts a Docker engine: `start` prints what to export, `stop` ends it. */
const STARTER = process.env.STREAMPULSE_DOCKER_ENGINE;

const works = (...args: string[]) =>
  spawnSync("docker", args, { stdio: "ignore", timeout: 30_000 }).status === 0;

const hasCompose = works("compose", "version");
const isRunning = hasCompose && works("version");

/** Says that this machine has no engine, where it must not be a failure under `CI=true`. */
const WITHOUT_DOCKER = process.env.STREAMPULSE_WITHOUT_DOCKER === "true";

/**
 * Options for a suite that needs Docker's command with Compose, and no engine.
 * @throws Error as `skipped` does
 */
export const needsCompose = () => unless(hasCompose, "needs docker with Compose on the PATH");

/**
 * Options for a suite that needs a Docker engine: skipped, by name, where there is none and none can be started.
 * @throws Error as `skipped` does
 */
export const needsEngine = () =>
  unless(
    isRunning || STARTER !== undefined,
    "needs a Docker engine with Compose (running, or STREAMPULSE_DOCKER_ENGINE: a program that starts one)",
  );

function unless(isThere: boolean, reason: string): { skip: string | false } {
  if (isThere) return { skip: false };
  return WITHOUT_DOCKER
    ? { skip: `${reason}; STREAMPULSE_WITHOUT_DOCKER=true leaves it out` }
    : skipped(reason);
}

/** The Docker engine of this machine: the one that runs, else one that is started for these tests and stopped after. */
export class Engine {
  private env: NodeJS.ProcessEnv = process.env;

  async start(): Promise<void> {
    if (isRunning || !STARTER) return;
    const { stdout } = await run(STARTER, ["start"], { maxBuffer: MOST_OUTPUT });
    const exported = [...stdout.matchAll(/(\w+)='([^']*)'/g)].map(([, name, value]) => [name, value]);
    this.env = { ...process.env, ...(Object.fromEntries(exported) as NodeJS.ProcessEnv) };
  }

  async stop(): Promise<void> {
    if (!isRunning && STARTER) await run(STARTER, ["stop"]);
  }

  /**
   * Runs `docker` in the folder, with these variables besides.
   * @returns what it wrote
   * @throws Error with what it wrote
   */
  async docker(args: string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): Promise<string> {
    const { cwd, env } = options;
    const { stdout, stderr } = await run("docker", args, {
      cwd,
      env: { ...this.env, ...env },
      maxBuffer: MOST_OUTPUT,
    });
    // `docker logs` keeps the two apart, as the container did
    return stdout + stderr;
  }
}
