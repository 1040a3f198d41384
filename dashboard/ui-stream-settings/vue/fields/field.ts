import type { FieldRules } from "../../settings-protocol";

/** What a field of a form holds: text as somebody types it, or a flag. */
export type FieldValue = string | boolean;
export type FieldValues = Record<string, FieldValue>;

/** One key of config.yaml in a form. Its texts stand under `settings.field.<path>`, a stream's under `settings.field.stream.<path>`. */
export interface Field {
  /** Of the key, as in the file: `probe.level`. */
  path: string;
  kind:
    "text" | "number" | "flag" | "choice" | "flag-choice" | "secret" | "timezone" | "tags" | "url" | "name";
  /** What can be chosen. */
  options?: readonly string[];
  /** Values that people use, offered while they type. */
  suggestions?: "groups";
  /** Over the whole width. */
  wide?: boolean;
}

const NUMERAL = /^[+-]?(\d+\.?\d*|\.\d+)$/;

/** How the file's value stands in the form. */
export function toField({ kind, path }: Field, value: unknown, rules: FieldRules): FieldValue {
  if (kind === "flag") {
    if (typeof value === "string") return value;
    return typeof value === "boolean" ? value : rules.defaults[path] === true;
  }
  if (value === undefined || value === null) return kind === "choice" ? choiceDefault(rules, path) : "";
  if (Array.isArray(value)) return value.map(plainText).join(", ");
  return plainText(value);
}

/** A choice always has a value where the schema has one. */
function choiceDefault({ defaults }: FieldRules, path: string): string {
  return path in defaults ? String(defaults[path]) : "";
}

/** What is written into the file; null takes the key out of it. */
export function fromField({ kind }: Field, value: FieldValue): unknown {
  if (typeof value === "boolean") return value;
  // a space may be part of a password
  const text = kind === "secret" ? value : value.trim();
  if (kind === "name") return text;
  if (text === "") return null;
  if (kind === "tags") {
    const tags = text.split(",").map((tag) => tag.trim());
    return tags.filter((tag) => tag !== "");
  }
  if (kind === "flag-choice") return text === "true" ? true : text === "false" ? false : text;
  const isNumber = kind === "number" || (kind === "choice" && NUMERAL.test(text));
  return isNumber && NUMERAL.test(text) ? Number(text) : text;
}

export function valuesOf(
  fields: readonly Field[],
  read: (path: string) => unknown,
  rules: FieldRules,
): FieldValues {
  return Object.fromEntries(fields.map((field) => [field.path, toField(field, read(field.path), rules)]));
}

/** The value of a nested map at `probe.level`. */
export function valueAt(map: unknown, path: string): unknown {
  let value = map;
  for (const key of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/** `{"probe.level": x}` as `{probe: {level: x}}`. */
export function nested(values: Record<string, unknown>): Record<string, unknown> {
  const map: Record<string, unknown> = {};
  for (const [path, value] of Object.entries(values)) {
    const keys = path.split(".");
    const last = keys.pop() as string;
    let inner = map;
    for (const key of keys) inner = (inner[key] ??= {}) as Record<string, unknown>;
    inner[last] = value;
  }
  return map;
}

function plainText(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}
