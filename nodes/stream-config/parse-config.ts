import { isMap, type YAMLMap } from "yaml";
import type { Settings } from "../../contracts/settings";
import type { Stream } from "../../contracts/stream";
import type { Environment } from "./environment";
import { ProblemList, type Position, type Problem } from "./problem";
import { shownKey, type Reading } from "./read-keys";
import { NESTED_SETTINGS, readSettings, SETTINGS_SHAPE } from "./read-settings";
import { KnownEntries, readSplitStreams, readStreams, type Entry, type StreamsRead } from "./read-streams";
import { splitConfig, type SplitConfig } from "./split-entries";
import { writtenMap } from "./written-values";
import { isEmpty, YamlFile, type Field } from "./yaml-file";

/** What a file says. Everything in `streams` and `settings` is right; what was not is in `problems`. */
export interface ParsedConfig {
  /** Undefined when the file has no list of streams: those of before stay. */
  streams?: Stream[];
  settings: Settings;
  problems: Problem[];
  /** How many more problems there were. */
  hiddenProblems: number;
  written: WrittenConfig;
}

/** What stands in the file, right or wrong. */
export interface WrittenConfig {
  /** In the order of the file. */
  entries: Entry[];
  /** All keys but `streams`. */
  settings: Record<string, unknown>;
  /** Set when the entries were read one by one. */
  split?: SplitConfig;
}

/** The file cannot be used at all. */
export interface RefusedConfig {
  fatal: Problem;
}

export const MOST_BYTES = 5 * 1024 * 1024;

/**
 * Reads the text of a config.yaml: v2.2's file as it was, and the keys of DESIGN §9.
 * Takes about a second for 10,000 new streams, so Node-RED's main loop leaves it to `config-worker`.
 *
 * @param env where `${NAME}` in a value is looked up, and v2.2's RTSP_TIMEOUT and MJPEG_TIMEOUT
 * @param known the entries of the text before; for one and the same `env`
 */
export function parseConfig(
  text: string,
  env: Environment,
  known = new KnownEntries(),
): ParsedConfig | RefusedConfig {
  if (Buffer.byteLength(text) > MOST_BYTES) return refused(tooLarge());
  const split = splitConfig(text);
  return (split && readInPieces(split, env, known)) ?? readWhole(text, env);
}

/** @returns undefined when the pieces cannot be read alone: then the whole says why */
function readInPieces(split: SplitConfig, env: Environment, known: KnownEntries): ParsedConfig | undefined {
  const lineOf = (line: number) => (line > split.cutLine ? line + split.lines : line);
  const yaml = YamlFile.read(split.frame, { lineOf });
  if (!(yaml instanceof YamlFile) || !isMap(yaml.root)) return undefined;
  const reading: Reading = { yaml, env, problems: new ProblemList() };
  const fields = readTopLevel(reading, yaml.root);
  const settings = readSettings(fields, reading);
  const streams = readSplitStreams(split, known, reading);
  return streams && together(reading, fields, settings, streams, split);
}

function readWhole(text: string, env: Environment): ParsedConfig | RefusedConfig {
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
  const reading: Reading = { yaml, env, problems: new ProblemList() };
  const fields = readTopLevel(reading, root);
  const settings = readSettings(fields, reading);
  const streams = readStreams(fields.get("streams"), yaml.positionOf(root), reading);
  return together(reading, fields, settings, streams);
}

function readTopLevel({ yaml, problems }: Reading, root: YAMLMap): Map<string, Field> {
  for (const { position, message } of yaml.warnings) {
    problems.add({ ...position, place: "", message, severity: "warning" });
  }
  return yaml.fields(root, (position, key, message) => {
    const place = shownKey(key);
    problems.add({ ...position, place, message: `${place} ${message}`, severity: "error" });
  });
}

function together(
  { yaml, problems }: Reading,
  fields: Map<string, Field>,
  settings: Settings,
  { streams, entries }: StreamsRead,
  split?: SplitConfig,
): ParsedConfig {
  const own = [...fields].filter(([key]) => key !== "streams");
  const written = writtenMap(yaml, own, SETTINGS_SHAPE, NESTED_SETTINGS);
  return {
    streams,
    settings,
    problems: problems.inOrder(),
    hiddenProblems: problems.hidden,
    written: { entries, settings: written, split },
  };
}

export function tooLarge(): string {
  return `the file is larger than ${MOST_BYTES / 1024 / 1024} MB: is it the right one?`;
}

function refused(message: string, position?: Position): RefusedConfig {
  return { fatal: { ...position, place: "", message, severity: "error" } };
}
