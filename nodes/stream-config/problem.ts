/** A place in a text; both numbers count from 1. */
export interface Position {
  line: number;
  column: number;
}

/** One thing that is wrong with the configuration. It never holds a credential or the value of an environment variable. */
export interface Problem extends Partial<Position> {
  /** The key by its path: `mqtt.port`, `streams[3].url`; empty when the whole file is meant. */
  place: string;
  /** The sentence for a person: what is wrong, what to do, what happens until then. */
  message: string;
  /** `error`: something is left out or refused. `warning`: everything works, but perhaps not as it was meant. */
  severity: "error" | "warning";
}

const MOST_PROBLEMS = 100;

/** Collects problems and stops keeping them at a number that nobody reads to its end. */
export class ProblemList {
  readonly kept: Problem[] = [];
  /** How many more there were. */
  hidden = 0;

  add(problem: Problem): void {
    if (this.kept.length < MOST_PROBLEMS) this.kept.push(problem);
    else this.hidden++;
  }

  /** In the order of the file. */
  inOrder(): Problem[] {
    return [...this.kept].sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
  }
}

/** `config.yaml:12:5: streams[3] "Gate": url must begin with …` */
export function formatProblem(file: string, { line, column, message }: Problem): string {
  return line === undefined ? `${file}: ${message}` : `${file}:${line}:${column ?? 1}: ${message}`;
}

export function formatProblems(file: string, problems: readonly Problem[], hidden: number): string[] {
  const lines = problems.map((problem) => formatProblem(file, problem));
  return hidden === 0 ? lines : [...lines, `${file}: and ${hidden} more problems`];
}

/** Without what names the entry of the file, and without what becomes of it: for whoever sees the entry before them. */
export function withoutEntry(message: string): string {
  return message.replace(/^streams\[\d+\](?: "(?:[^"\\]|\\.)*")?: /, "").replace(/;[^;]*$/, "");
}
