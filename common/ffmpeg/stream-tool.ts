import type { NotMade, StreamAccess } from "../camera/access";
import type { Children, ChildOutcome } from "./child-process";
import { inputArguments } from "./input-arguments";
import type { ProgramName, Programs } from "./programs";
import { UrlHandover } from "./url-handover";

export interface ToolTask {
  /** Options before the input's own. */
  before: readonly string[];
  /** What follows the input. */
  after: readonly string[];
  timeoutMs: number;
  mostBytes: number;
}

/** What became of a program that really ran. */
export type ToolOutcome = Extract<ChildOutcome, { end: "exited" | "too_late" | "too_much" }>;

/** Runs ffprobe or ffmpeg on one stream. */
export class StreamTool {
  constructor(
    private readonly name: ProgramName,
    private readonly children: Children,
    private readonly programs: Programs,
  ) {}

  async run(access: StreamAccess, task: ToolTask): Promise<ToolOutcome | NotMade> {
    const { url, tlsVerify, withholdCredentials } = access;
    if (tlsVerify && url.secure) {
      return { notMade: `${this.name} is not used where tls_verify is set: it verifies no certificate` };
    }
    const program = await this.programs.find(this.name);
    if ("missing" in program) return { notMade: program.missing };
    const handover = new UrlHandover(url, !withholdCredentials);
    try {
      const address = await handover.open();
      if (address instanceof Error)
        return { notMade: `no port on loopback can be opened: ${address.message}` };
      const outcome = await this.children.run({
        file: program.file,
        args: [...task.before, ...inputArguments(access, program.major, address), ...task.after],
        env: this.programs.childEnv,
        timeoutMs: task.timeoutMs,
        mostBytes: task.mostBytes,
      });
      if (outcome.end === "stopped") return { notMade: "the monitor was stopped" };
      if (outcome.end === "not_started")
        return { notMade: `${this.name} could not be run: ${outcome.because}` };
      return outcome;
    } finally {
      handover.close();
    }
  }
}
