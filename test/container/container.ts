import path from "node:path";
import { until } from "../support/until";
import type { Engine } from "./engine";

/** On a loaded machine a container needs its time. */
export const patiently = <T>(condition: () => T | Promise<T>) => until(condition, 180_000);

/** What `docker inspect` shows, as far as it is looked at here. */
export interface Inspected {
  Image: string;
  RestartCount: number;
  State: { Running: boolean; ExitCode: number; Health?: { Status: string; Log: { Output: string }[] } };
}

/** Prints one line a process: state, user, id, command. Its own line is left out. */
const LIST_PROCESSES = `
const fs = require("node:fs");
for (const id of fs.readdirSync("/proc").filter((name) => /^\\d+$/.test(name) && Number(name) !== process.pid)) {
  try {
    const status = fs.readFileSync("/proc/" + id + "/status", "utf8");
    const field = (name) => new RegExp("^" + name + ":\\\\s+(\\\\S+)", "m").exec(status)[1];
    console.log([field("State"), field("Uid"), id, field("Name")].join(" "));
  } catch {}
}`;

export interface ContainerProcess {
  state: string;
  uid: number;
  pid: number;
  name: string;
}

/** One container, looked at from outside. */
export class Container {
  constructor(
    private readonly engine: Engine,
    readonly name: string,
  ) {}

  async inspect(): Promise<Inspected> {
    const [inspected] = JSON.parse(await this.engine.docker(["inspect", this.name])) as Inspected[];
    return inspected as Inspected;
  }

  logs(): Promise<string> {
    return this.engine.docker(["logs", this.name]);
  }

  exec(...command: string[]): Promise<string> {
    return this.engine.docker(["exec", this.name, ...command]);
  }

  async processes(): Promise<ContainerProcess[]> {
    const lines = (await this.exec("node", "-e", LIST_PROCESSES)).trim().split("\n");
    return lines.map((line) => {
      const [state = "", uid, pid, name = ""] = line.split(" ");
      return { state, uid: Number(uid), pid: Number(pid), name };
    });
  }

  /** Node-RED names its process so. */
  async nodeRed(): Promise<ContainerProcess> {
    return patiently(async () => (await this.processes()).find(({ name }) => name === "node-red"));
  }

  /** By Docker's own check; what that says is in the error when it never is. */
  async untilHealthy(): Promise<void> {
    let health: Inspected["State"]["Health"];
    try {
      await patiently(async () => {
        health = (await this.inspect()).State.Health;
        return health?.Status === "healthy";
      });
    } catch (error) {
      const checks = health?.Log.map(({ Output }) => Output).join("");
      throw new Error(`${this.name} is not healthy: ${checks}\n${await this.logs()}`, { cause: error });
    }
  }

  async remove(): Promise<void> {
    await this.engine.docker(["rm", "--force", "--volumes", this.name]);
  }
}

/** Removes a folder that belongs to whoever ran in a container: the one who tests need not be root. */
export async function removeFolder(engine: Engine, image: string, folder: string): Promise<void> {
  const mount = `${path.dirname(folder)}:/parent`;
  const remove = ["--entrypoint", "rm", image, "-rf", `/parent/${path.basename(folder)}`];
  await engine.docker(["run", "--rm", "--volume", mount, ...remove]);
}
