import { isDeepStrictEqual } from "node:util";
import { isMap, isSeq, type YAMLMap } from "yaml";
import type { WrittenConfig } from "../parse-config";
import { YamlFile } from "../yaml-file";
import { excerptOf } from "./excerpt";
import { applySplices, YamlEditor } from "./yaml-editor";
import { UneditableError } from "./yaml-places";

/** What is to be different in config.yaml. Every value has been checked. */
export interface ConfigChange {
  /** At the end of the list. */
  add: Record<string, unknown>[];
  /** By place in the list; null takes a key out. */
  change: { index: number; set: Record<string, unknown> }[];
  remove: number[];
  /** Nested as in the file; null takes a key out. */
  settings: Record<string, unknown>;
}

export function emptyChange(): ConfigChange {
  return { add: [], change: [], remove: [], settings: {} };
}

export function isEmptyChange({ add, change, remove, settings }: ConfigChange): boolean {
  return add.length + change.length + remove.length + Object.keys(settings).length === 0;
}

/**
 * The text with the change in it, and everything else of it as it was.
 * @throws UneditableError when it is written in a way that cannot be changed without touching more than was meant
 */
export function applyChange(text: string, written: WrittenConfig, change: ConfigChange): string {
  const touched = new Set([...change.change.map(({ index }) => index), ...change.remove]);
  const excerpt = excerptOf(text, written.split, touched);
  const yaml = YamlFile.read(excerpt.text, { keepTokens: true });
  if (!(yaml instanceof YamlFile) || !isMap(yaml.root)) throw new UneditableError();
  const inExcerpt: ConfigChange = {
    ...change,
    change: change.change.map(({ index, set }) => ({ index: excerpt.placeOf(index), set })),
    remove: change.remove.map((index) => excerpt.placeOf(index)),
  };
  const editor = new YamlEditor(yaml, excerpt.text);
  edit(editor, yaml.root, inExcerpt, change.remove.length === written.entries.length);
  const outcome = YamlFile.read(applySplices(excerpt.text, editor.splices));
  if (!(outcome instanceof YamlFile) || !isDeepStrictEqual(plain(outcome), expected(yaml, inExcerpt))) {
    throw new UneditableError();
  }
  return applySplices(text, editor.splices.map(excerpt.toWhole));
}

function edit(editor: YamlEditor, root: YAMLMap, change: ConfigChange, isEmptied: boolean): void {
  const list = editor.yaml.fields(root, () => {}).get("streams")?.value;
  for (const { index, set } of change.change) {
    const entry = isSeq(list) ? list.items[index] : undefined;
    if (!isMap(entry)) throw new UneditableError();
    editor.setKeys(entry, set);
  }
  if (change.remove.length > 0) {
    editor.removeItems(root, "streams", new Set(change.remove), isEmptied && change.add.length === 0);
  }
  if (change.add.length > 0) editor.addItems(root, "streams", change.add);
  editor.setKeys(root, change.settings);
}

type Plain = Record<string, unknown> & { streams: unknown[] };

function plain(yaml: YamlFile): Plain {
  const data = withoutNulls(yaml.plain(yaml.root, ({ value }) => value)) as Record<string, unknown>;
  return { ...data, streams: Array.isArray(data.streams) ? data.streams : [] };
}

/** The same change, made to the data. */
function expected(yaml: YamlFile, { add, change, remove, settings }: ConfigChange): Plain {
  const before = plain(yaml);
  const entries = [...before.streams];
  for (const { index, set } of change) entries[index] = merged(entries[index], set);
  const removed = new Set(remove);
  const kept = entries.filter((_, index) => !removed.has(index));
  return { ...(merged(before, settings) as Plain), streams: withoutNulls([...kept, ...add]) as unknown[] };
}

function merged(before: unknown, set: Record<string, unknown>): Record<string, unknown> {
  const result = { ...(isObject(before) ? before : {}) };
  for (const [key, value] of Object.entries(set)) {
    if (value === null) delete result[key];
    else result[key] = isObject(value) ? merged(result[key], value) : value;
  }
  return withoutNulls(result) as Record<string, unknown>;
}

/** A key with nothing behind it is a key that is not set; so is a map without keys. */
function withoutNulls(data: unknown): unknown {
  if (Array.isArray(data)) return data.map(withoutNulls);
  if (!isObject(data)) return data;
  const kept = Object.entries(data)
    .map(([key, value]): [string, unknown] => [key, withoutNulls(value)])
    .filter(([, value]) => value !== null && value !== undefined)
    .filter(([, value]) => !isObject(value) || Object.keys(value).length > 0);
  return Object.fromEntries(kept);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
