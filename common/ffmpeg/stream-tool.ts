import type { NotMade, StreamAccess } from "../camera/access";
import type { Children, ChildOutcome, ChildTask } from "./child-process";
import { inputArguments } from "./input-arguments";
import type { ProgramName, Programs } from "./programs";
import { UrlHandover } from "./url-handover";

export interface ToolTask extends Pick<
  ChildTask,
  "timeoutMs" | "mostBytes" | "hasSecondOutput" | "onOutput" | "signal"
> {
  /** Options before the input's own. */
  before: readonly string[];
  /** What follows the input; some options are called otherwise by other versions. */
  after: readonly string[] | ((major: number) => readonly string[]);
  /** How much of a stream is looked at until it is known what it consists of; 5 s unless told otherwise. */
  analyzeMs?: number;
}

const MOST_ANALYZED_MS = 5000;

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
      const { before, after, analyzeMs = MOST_ANALYZED_MS, ...limits } = task;
      const { file, major } = program;
      const output = typeof after === "function" ? after(major) : after;
      const outcome = await this.children.run({
        ...limits,
        file,
        args: [...before, ...inputArguments(access, major, address, analyzeMs), ...output],
        env: this.programs.childEnv,
      });
      if (outcome.end === "stopped") return { notMade: "it was ended" };
      if (outcome.end === "not_started")
        return { notMade: `${this.name} could not be run: ${outcome.because}` };
      return outcome;
    } finally {
      handover.close();
    }
  }
}
