import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import type { Clock } from "../clock";
import type { Children } from "./child-process";

export type ProgramName = "ffprobe" | "ffmpeg";

export interface Program {
  file: string;
  /** Of its version; a build that has no number counts as new. */
  major: number;
}

/** Why there is none, and what to do, in one sentence. */
export interface NoProgram {
  missing: string;
}

const VERSION_TIMEOUT_MS = 5000;
/** Somebody may install it meanwhile. */
const LOOK_AGAIN_MS = 60_000;
/** What a program needs of our environment. The rest holds passwords, or changes what it does (FFREPORT, http_proxy). */
const INHERITED = [
  "PATH",
  "Path",
  "LD_LIBRARY_PATH",
  "DYLD_LIBRARY_PATH",
  "SystemRoot",
  "TEMP",
  "TMP",
  "TMPDIR",
];

/** Finds ffprobe and ffmpeg: where FFPROBE_PATH and FFMPEG_PATH say, else on the PATH, else in a package. */
export class Programs {
  readonly childEnv: NodeJS.ProcessEnv;
  private readonly found = new Map<ProgramName, Program>();
  private readonly notFound = new Map<ProgramName, NoProgram & { at: number }>();

  constructor(
    private readonly clock: Clock,
    private readonly children: Children,
    private readonly env: NodeJS.ProcessEnv,
  ) {
    const kept = INHERITED.filter((name) => env[name] !== undefined).map((name) => [name, env[name]]);
    this.childEnv = { ...(Object.fromEntries(kept) as NodeJS.ProcessEnv), LC_ALL: "C" };
  }

  async find(name: ProgramName): Promise<Program | NoProgram> {
    const known = this.found.get(name);
    if (known) return known;
    const before = this.notFound.get(name);
    if (before && this.clock.elapsed() - before.at < LOOK_AGAIN_MS) return before;
    const program = await this.look(name);
    if ("missing" in program) this.notFound.set(name, { ...program, at: this.clock.elapsed() });
    else this.found.set(name, program);
    return program;
  }

  private async look(name: ProgramName): Promise<Program | NoProgram> {
    const variable = `${name.toUpperCase()}_PATH`;
    const told = this.env[variable];
    if (told) {
      if (await isExecutable(told)) return this.identify(name, path.resolve(told));
      return { missing: `${variable} names no program that can be run: mend it, or unset it` };
    }
    const file = (await this.onPath(name)) ?? (name === "ffprobe" ? await packagedFfprobe() : undefined);
    if (file) return this.identify(name, file);
    return { missing: `${name} is not installed: install ffmpeg, or let ${variable} name it` };
  }

  private async onPath(name: string): Promise<string | undefined> {
    for (const folder of (this.env.PATH ?? this.env.Path ?? "").split(path.delimiter)) {
      // an entry that is empty or relative would depend on where we were started
      if (!path.isAbsolute(folder)) continue;
      const file = path.join(folder, process.platform === "win32" ? `${name}.exe` : name);
      if (await isExecutable(file)) return file;
    }
    return undefined;
  }

  private async identify(name: ProgramName, file: string): Promise<Program | NoProgram> {
    const outcome = await this.children.run({
      file,
      args: ["-version"],
      env: this.childEnv,
      timeoutMs: VERSION_TIMEOUT_MS,
      mostBytes: 64 * 1024,
    });
    const words = outcome.end === "exited" ? outcome.stdout.toString("latin1") : "";
    const version = /^ff(?:probe|mpeg) version (?:n(?=\d))?(\S+)/m.exec(words)?.[1];
    if (version === undefined) return { missing: `${name} cannot be run: it does not tell its version` };
    const major = /^\d+(?=\.)/.exec(version)?.[0];
    return { file, major: major === undefined ? Infinity : Number(major) };
  }
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}

/** From the optional package ffprobe-static, whose own code would end this process on a system that it does not know. */
async function packagedFfprobe(): Promise<string | undefined> {
  try {
    const folder = path.dirname(require.resolve("ffprobe-static/package.json"));
    const program = process.platform === "win32" ? "ffprobe.exe" : "ffprobe";
    const file = path.join(folder, "bin", process.platform, process.arch, program);
    return (await isExecutable(file)) ? file : undefined;
  } catch {
    return undefined;
  }
}
