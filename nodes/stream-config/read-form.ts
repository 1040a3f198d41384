import { firstIssue } from "../../common/first-issue";
import { MOST_FORM_STREAMS, urlCredential, type FormStream } from "../../common/form-streams";
import { MaskedUrlError, unmaskUrl } from "../../common/masked-url";
import { streamSchema, type Stream } from "../../contracts/stream";
import { withEnvironment, type Environment } from "./environment";

export interface FormRead {
  streams: Stream[];
  /** The lasting id of each stream's line, by its name. */
  ids: Map<string, string>;
  /** Sentences about what is left out. They hold no URL: one that is wrong may hold a password. */
  problems: string[];
}

/**
 * The streams of the node's form. A wrong line is left out alone.
 * @param lines as the flow holds them: nothing in it can be trusted
 * @param secrets the node's credentials
 */
export function readFormStreams(lines: unknown, secrets: Environment, env: Environment): FormRead {
  const read: FormRead = { streams: [], ids: new Map(), problems: [] };
  const entries: unknown[] = Array.isArray(lines) ? lines : [];
  if (entries.length > MOST_FORM_STREAMS) {
    read.problems.push(
      `the form holds ${entries.length} streams and at most ${MOST_FORM_STREAMS} are read: put more into a config.yaml`,
    );
  }
  entries.slice(0, MOST_FORM_STREAMS).forEach((entry, index) => {
    const line = (typeof entry === "object" && entry !== null ? entry : {}) as Partial<FormStream>;
    const stream = readLine(line, secrets, env);
    const problem = "problem" in stream ? stream.problem : takenProblem(stream, read);
    if (problem !== undefined) read.problems.push(`${labelOf(line, index)}${problem}; it is left out`);
    else if (!("problem" in stream)) {
      read.streams.push(stream);
      if (typeof line.id === "string") read.ids.set(stream.name, line.id);
    }
  });
  return read;
}

function readLine(line: Partial<FormStream>, secrets: Environment, env: Environment) {
  const unset = new Set<string>();
  const filled = (text: unknown) => (typeof text === "string" ? withEnvironment(text, env, unset) : text);
  try {
    const group = filled(line.group);
    const values = {
      name: filled(line.name),
      url: filled(wholeUrl(line, secrets)),
      enabled: line.enabled,
      ...(group !== "" && group !== undefined && { group }),
    };
    if (unset.size > 0) return { problem: `the environment has no ${[...unset].join(", ")}` };
    const parsed = streamSchema.safeParse(values);
    return parsed.success ? parsed.data : { problem: firstIssue(parsed.error).replace(":", "") };
  } catch (error) {
    if (!(error instanceof MaskedUrlError)) throw error;
    return { problem: `url ${error.message}` };
  }
}

/** A URL with `${NAME}` has no host that could be compared: its secrets are the environment's. */
function wholeUrl({ url, slot }: Partial<FormStream>, secrets: Environment): unknown {
  if (typeof url !== "string") return url;
  return unmaskUrl(url.trim(), typeof slot === "number" ? secrets[urlCredential(slot)] : undefined);
}

function takenProblem({ name }: Stream, { streams }: FormRead): string | undefined {
  return streams.some((other) => other.name === name)
    ? "name is taken already: give each stream a name of its own"
    : undefined;
}

function labelOf({ name }: Partial<FormStream>, index: number): string {
  const isShown = typeof name === "string" && /^[^:@\u0000-\u001f]{1,200}$/.test(name);
  return isShown ? `stream ${index + 1} "${name}": ` : `stream ${index + 1}: `;
}
