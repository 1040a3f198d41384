import { execFile } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { unusedPort } from "../../demo/cameras";
import { cleanEnvironment } from "../runtime/support";
import { projectRoot } from "../support/fixtures";
import { skipped } from "../support/needs";
import { ReadyProcess } from "../support/ready-process";

export const PACKAGE = "@streampulse/node-red-dashboard-2-streampulse";

const run = promisify(execFile);

/** npm as the file that started this run, or the one on the PATH. */
export async function npm(folder: string, args: string[], env = process.env): Promise<string> {
  const script = env.npm_execpath;
  const isScript = script !== undefined && /npm.*\.c?js$/.test(script);
  const [file, ...first] = isScript ? [process.execPath, script] : ["npm"];
  const { stdout } = await run(file, [...first, ...args, "--loglevel=error"], {
    cwd: folder,
    env,
    shell: !isScript && process.platform === "win32",
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout;
}

/** Packs the package as it would be published. @returns the tarball, and the paths in it */
export async function pack(folder: string): Promise<{ tarball: string; files: string[] }> {
  const args = ["pack", "--json", "--ignore-scripts", `--pack-destination=${folder}`];
  const [packed] = JSON.parse(await npm(projectRoot, args)) as { files: { path: string }[] }[];
  const name = readdirSync(folder).find((file) => file.endsWith(".tgz")) as string;
  return { tarball: path.join(folder, name), files: packed?.files.map((file) => file.path) ?? [] };
}

/** The Node.js that runs these tests, and an older one where the environment names it. */
export const nodes: { name: string; file: string; skip: string | false }[] = [
  { name: `Node.js ${process.versions.node.split(".")[0]}`, file: process.execPath, skip: false },
  olderNode(),
];

function olderNode(): (typeof nodes)[number] {
  const file = process.env.STREAMPULSE_NODE_22;
  const { skip } = file
    ? { skip: false as const }
    : skipped("needs Node.js 22 (STREAMPULSE_NODE_22: its binary)");
  return { name: "Node.js 22", file: file ?? "", skip };
}

export const nodeReds = [
  { name: "Node-RED 5", folder: path.join(projectRoot, "node_modules", "node-red") },
  { name: "Node-RED 4.1", folder: path.join(projectRoot, "node_modules", "node-red-4") },
];

/** The files of Dashboard's nodes: Node-RED finds it beside itself here, and must not where a person has not installed it. */
const dashboardFiles = () => {
  const file = path.join(projectRoot, "node_modules/@flowfuse/node-red-dashboard/package.json");
  const { "node-red": nodeRed } = JSON.parse(readFileSync(file, "utf8")) as {
    "node-red": { nodes: Record<string, string> };
  };
  return Object.values(nodeRed.nodes).map((node) => path.basename(node));
};

export const INSTALL = ["--omit=optional", "--prefer-offline", "--no-audit", "--no-fund"];

/** A userDir into which the packed package was installed as a person does. */
export async function installedUserDir(folder: string): Promise<{ userDir: string; files: string[] }> {
  const { tarball, files } = await pack(folder);
  const userDir = path.join(folder, "userDir");
  mkdirSync(userDir);
  writeFileSync(path.join(userDir, "package.json"), '{"name":"node-red-project","private":true}');
  await npm(userDir, ["install", ...INSTALL, tarball]);
  return { userDir, files };
}

/** A userDir that has the package as it is built here, without an installation. @returns its path */
export function linkedUserDir(folder: string): string {
  const userDir = path.join(folder, "userDir");
  const place = path.join(userDir, "node_modules", PACKAGE);
  mkdirSync(path.dirname(place), { recursive: true });
  symlinkSync(projectRoot, place, "junction");
  const content = { name: "node-red-project", private: true, dependencies: { [PACKAGE]: "*" } };
  writeFileSync(path.join(userDir, "package.json"), JSON.stringify(content));
  return userDir;
}

/** Somebody's own Node-RED, with little in its settings, on a userDir that has the package. */
export class OwnNodeRed {
  private process?: ReadyProcess;
  private port = 0;

  constructor(
    private readonly node: string,
    private readonly nodeRed: string,
    readonly userDir: string,
    private readonly hasDashboard = false,
  ) {}

  /**
   * Starts it on a userDir without anything that an earlier one left.
   * @param config of config.yaml
   * @param more of Node-RED's settings
   */
  async start(config: object, more: object = {}): Promise<void> {
    for (const name of readdirSync(this.userDir)) {
      if (!/^(node_modules|package(-lock)?\.json)$/.test(name)) {
        rmSync(path.join(this.userDir, name), { recursive: true });
      }
    }
    mkdirSync(path.join(this.userDir, "streampulse"));
    writeFileSync(path.join(this.userDir, "streampulse", "config.yaml"), JSON.stringify(config));
    const settings = {
      ...{ flowFile: "flows.json", nodesExcludes: this.hasDashboard ? [] : dashboardFiles() },
      ...{ credentialSecret: "of a test", ...more },
    };
    writeFileSync(path.join(this.userDir, "settings.js"), `module.exports = ${JSON.stringify(settings)};\n`);
    this.port = await unusedPort();
    this.process = new ReadyProcess({
      file: this.node,
      args: [path.join(this.nodeRed, "red.js"), "--userDir", this.userDir, "--port", String(this.port)],
      env: cleanEnvironment({}),
      // in either order
      ready: /Server now running[^]*Started flows|Started flows[^]*Server now running/,
      timeoutMs: 60_000,
    });
    await this.process.start();
  }

  get output(): string {
    return this.process?.output ?? "";
  }

  url(place: string): string {
    return `http://127.0.0.1:${this.port}/${place}`;
  }

  /** The node sets that it has loaded. */
  async allNodeSets(): Promise<{ module: string; types: string[]; err?: unknown }[]> {
    const response = await fetch(this.url("nodes"), { headers: { Accept: "application/json" } });
    return (await response.json()) as { module: string; types: string[]; err?: unknown }[];
  }

  /** Those of the package. */
  async nodeSets(): Promise<{ types: string[]; err?: unknown }[]> {
    return (await this.allNodeSets()).filter(({ module }) => module === PACKAGE);
  }

  async deploy(flow: unknown): Promise<number> {
    const response = await fetch(this.url("flows"), {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(flow),
    });
    return response.status;
  }

  /** The examples of the package in the editor's menu, by name. */
  async examples(): Promise<string[]> {
    const shelf = await this.example<string | { fn: string }>("");
    // others are folders
    return shelf.flatMap((entry) => (typeof entry === "string" ? [] : [entry.fn]));
  }

  /** An example as the menu imports it. */
  async example<T>(name: string): Promise<T[]> {
    const response = await fetch(this.url(`library/examples/flows/${PACKAGE}/${name}`));
    if (!response.ok) throw new Error(`the menu has no example "${name}": HTTP ${response.status}`);
    return (await response.json()) as T[];
  }

  /** What the editor shows below a node; undefined: nothing yet. */
  async statusOf(node: string): Promise<string | undefined> {
    const statuses = await this.heard<{ text?: string }>("status/#", (topic) => topic === `status/${node}`);
    return statuses.at(-1)?.text;
  }

  /**
   * What Node-RED tells its editors, as far as it comes within half a second.
   * @param subject what an editor subscribes to
   */
  private heard<T>(subject: string, isWanted: (topic: string) => boolean): Promise<T[]> {
    const socket = new WebSocket(this.url("comms").replace("http", "ws"));
    const found: T[] = [];
    return new Promise((resolve, reject) => {
      socket.onopen = () => socket.send(JSON.stringify({ subscribe: subject }));
      socket.onerror = () => reject(new Error("no connection to the editor's socket"));
      socket.onmessage = ({ data }) => {
        for (const { topic, data: told } of JSON.parse(String(data)) as { topic: string; data: T }[]) {
          if (isWanted(topic)) found.push(told);
        }
      };
      setTimeout(() => {
        socket.close();
        resolve(found);
      }, 500);
    });
  }

  /** The TCP ports that its process has opened, and no more than its own; by Linux's /proc. */
  openPorts(): { own: number; all: number[] } {
    const sockets = new Set(
      this.openFiles().flatMap((target) => /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? []),
    );
    const LISTEN = "0A";
    const all = ["tcp", "tcp6"]
      .flatMap((table) =>
        readFileSync(`/proc/${this.process?.pid}/net/${table}`, "utf8").split("\n").slice(1),
      )
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , , state, , , , , , inode]) => state === LISTEN && sockets.has(inode ?? ""))
      .map(([, local = ""]) => parseInt(local.split(":")[1] ?? "", 16));
    return { own: this.port, all };
  }

  /** Where its descriptors lead. */
  openFiles(): string[] {
    const folder = `/proc/${this.process?.pid}/fd`;
    return readdirSync(folder).flatMap((name) => {
      const link = path.join(folder, name);
      try {
        return [readlinkSync(link)];
      } catch {
        // closed in between
        return [];
      }
    });
  }

  /** The names of its threads. */
  threads(): string[] {
    const folder = `/proc/${this.process?.pid}/task`;
    return readdirSync(folder).flatMap((id) => {
      const file = path.join(folder, id, "comm");
      return existsSync(file) ? [readFileSync(file, "utf8").trim()] : [];
    });
  }

  async stop(): Promise<void> {
    await this.process?.stop();
  }
}
