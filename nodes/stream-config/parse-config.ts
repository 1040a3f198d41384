import { isMap } from "yaml";
import type { Settings } from "../../contracts/settings";
import type { Stream } from "../../contracts/stream";
import type { Environment } from "./environment";
import { ProblemList, type Problem } from "./problem";
import { shownKey, type Reading } from "./read-keys";
import { readSettings } from "./read-settings";
import { readStreams } from "./read-streams";
import { isEmpty, YamlFile } from "./yaml-file";

/** What a file says. Everything in it is right; what was not is in `problems`. */
export interface ParsedConfig {
  /** Undefined when the file has no list of streams: those of before stay. */
  streams?: Stream[];
  settings: Settings;
  problems: Problem[];
  /** How many more problems there were. */
  hiddenProblems: number;
}

/** The file cannot be used at all. */
export interface RefusedConfig {
  fatal: Problem;
}

export const MOST_BYTES = 5 * 1024 * 1024;

/**
 * Reads the text of a config.yaml: v2.2's file as it was, and the keys of DESIGN §9.
 * Takes about a second for 10,000 streams, so Node-RED's main loop leaves it to `config-worker`.
 *
 * @param env where `${NAME}` in a value is looked up, and v2.2's RTSP_TIMEOUT and MJPEG_TIMEOUT
 */
export function parseConfig(text: string, env: Environment): ParsedConfig | RefusedConfig {
  if (Buffer.byteLength(text) > MOST_BYTES) return refused(tooLarge());
  const yaml = YamlFile.read(text);
  if (!(yaml instanceof YamlFile)) return refused(yaml.message, yaml.position);
  const { root } = yaml;
  if (isEmpty(root)) {
    return refused("the file is empty: write streams: [] when nothing is to be watched", {
      line: 1,
      column: 1,
    });
  }
  if (!isMap(root)) {
    return refused(
      "the file must hold keys, such as streams:, each on a line of its own",
      yaml.positionOf(root),
    );
  }
  const problems = new ProblemList();
  const reading: Reading = { yaml, env, problems };
  for (const { position, message } of yaml.warnings) {
    problems.add({ ...position, place: "", message, severity: "warning" });
  }
  const fields = yaml.fields(root, (position, key, message) => {
    const place = shownKey(key);
    problems.add({ ...position, place, message: `${place} ${message}`, severity: "error" });
  });
  const settings = readSettings(fields, reading);
  const streams = readStreams(fields.get("streams"), yaml.positionOf(root), reading);
  return { streams, settings, problems: problems.inOrder(), hiddenProblems: problems.hidden };
}

export function tooLarge(): string {
  return `the file is larger than ${MOST_BYTES / 1024 / 1024} MB: is it the right one?`;
}

function refused(message: string, position?: { line: number; column: number }): RefusedConfig {
  return { fatal: { ...position, place: "", message, severity: "error" } };
}
