import { parentPort, workerData } from "node:worker_threads";
import type { Environment } from "./environment";
import { parseConfig } from "./parse-config";
import type { Problem } from "./problem";

/** What the thread is given. */
export interface ConfigWorkerData {
  text: string;
  env: Environment;
}

/** `streams` and `settings` as JSON: cheap to hand over, to compare with those of before, and to keep unchanged. */
export interface ConfigText {
  /** Undefined when the file has no list of streams. */
  streams?: { json: string; count: number };
  settings: string;
  problems: Problem[];
  hiddenProblems: number;
}

export type ConfigWorkerAnswer = ConfigText | { fatal: Problem };

function answer({ text, env }: ConfigWorkerData): ConfigWorkerAnswer {
  const parsed = parseConfig(text, env);
  if ("fatal" in parsed) return parsed;
  const { streams, settings, problems, hiddenProblems } = parsed;
  return {
    streams: streams && { json: JSON.stringify(streams), count: streams.length },
    settings: JSON.stringify(settings),
    problems,
    hiddenProblems,
  };
}

parentPort?.postMessage(answer(workerData as ConfigWorkerData));
