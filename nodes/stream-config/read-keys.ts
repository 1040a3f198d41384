import type { z } from "zod";
import { firstIssue } from "../../common/first-issue";
import type { Environment } from "./environment";
import { nearestWord } from "./nearest-word";
import type { ProblemList } from "./problem";
import { readingsOf } from "./value-readings";
import { isEmpty, type Field, type YamlFile } from "./yaml-file";

/** What every part of the file is read with. */
export interface Reading {
  yaml: YamlFile;
  env: Environment;
  problems: ProblemList;
}

export type Shape = Readonly<Record<string, z.ZodType>>;

export interface MapOfKeys {
  fields: Map<string, Field>;
  shape: Shape;
  /** Further keys that a misspelt one may mean. */
  neighbours?: readonly string[];
  /** How problems call the map, with what joins it to a key: `mqtt.`, `streams[3] "Gate": `. */
  label: string;
  /** The same for programs: `mqtt.`, `streams[3].`. */
  place: string;
  /** What the keys are keys of: "a stream", "mqtt". */
  owner: string;
  /** Says each unknown key of this kind of map once. */
  unknown: Set<string>;
  /** What becomes of a key that cannot be used. */
  consequence(key: string): string;
}

export interface KeysRead {
  values: Record<string, unknown>;
  /** The keys that could not be used. */
  failed: Set<string>;
}

/** The values of a map whose keys are right, each judged alone. Wrong keys are left out and told. */
export function readKeys(map: MapOfKeys, reading: Reading): KeysRead {
  const values: Record<string, unknown> = {};
  const failed = new Set<string>();
  for (const [key, field] of map.fields) {
    const schema = Object.hasOwn(map.shape, key) ? map.shape[key] : undefined;
    if (!schema) {
      tellUnknownKey(map, key, field, reading.problems);
      continue;
    }
    // a key with nothing behind it is a key that is not set
    if (isEmpty(field.value)) continue;
    const { data, fault } = readField(schema, field, reading);
    if (fault === undefined) {
      values[key] = data;
      continue;
    }
    failed.add(key);
    reading.problems.add({
      ...field.position,
      place: map.place + key,
      message: `${map.label}${key} ${fault}; ${map.consequence(key)}`,
      severity: "error",
    });
  }
  return { values, failed };
}

function readField(
  schema: z.ZodType,
  field: Field,
  { yaml, env }: Reading,
): { data?: unknown; fault?: string } {
  if (!field.value) return { fault: "is empty" };
  const { values, unset } = readingsOf(yaml, field.value, env);
  if (unset.length > 0) {
    const names = unset.slice(0, 5).join(", ");
    return {
      fault: `names the environment variable ${names}, which is not set: set it, or write $\${ for the text \${ itself`,
    };
  }
  let fault: string | undefined;
  for (const value of values) {
    const result = schema.safeParse(value);
    if (result.success) return { data: result.data };
    fault ??= firstIssue(result.error);
  }
  return { fault: fault ?? "is empty" };
}

function tellUnknownKey(map: MapOfKeys, key: string, field: Field, problems: ProblemList): void {
  if (map.unknown.has(key)) return;
  map.unknown.add(key);
  const meant =
    key.length > 40 ? undefined : nearestWord(key, [...Object.keys(map.shape), ...(map.neighbours ?? [])]);
  const hint = meant === undefined ? "" : ` (did you mean ${meant}?)`;
  problems.add({
    ...field.keyPosition,
    place: map.place + shownKey(key),
    message: `${map.label}${shownKey(key)} is not a key of ${map.owner}; it has no effect${hint}`,
    severity: "warning",
  });
}

/** A key that is no plain word may be a value in the wrong place, such as a URL with its password. */
export function shownKey(key: string | undefined): string {
  return key !== undefined && /^(<<|[A-Za-z_][\w-]{0,39})$/.test(key) ? key : "(a key that is not a word)";
}
