import { firstIssue } from "../../../common/first-issue";
import { withEnvironment, type Environment } from "../environment";
import { nearestWord } from "../nearest-word";
import type { Shape } from "../read-keys";
import { isNumeral } from "../value-readings";
import type { FieldFault } from "./edit-fault";

export interface CheckedValues {
  /** As they are to be written. */
  values: Record<string, unknown>;
  faults: FieldFault[];
}

/** Which keys a map may have. */
export interface KeysAllowed {
  shape: Shape;
  /** Maps of keys. */
  nested?: Readonly<Record<string, Shape>>;
  /** What the keys are keys of: "a stream". */
  owner: string;
  /** What stands in the file: a key that is there already may be anything. */
  before: Readonly<Record<string, unknown>>;
}

/**
 * Checks values that somebody wants to have in the file, each alone.
 * @param field how faults call the map: `streams.3`
 */
export function checkValues(
  wanted: Readonly<Record<string, unknown>>,
  { shape, nested = {}, owner, before }: KeysAllowed,
  field: string,
  env: Environment,
): CheckedValues {
  const checked: CheckedValues = { values: {}, faults: [] };
  for (const [key, value] of Object.entries(wanted)) {
    const own = `${field}.${key}`;
    const inner = Object.hasOwn(nested, key) ? nested[key] : undefined;
    const schema = Object.hasOwn(shape, key) ? shape[key] : undefined;
    const isNothing =
      value === null || value === "" || (schema && Array.isArray(value) && value.length === 0);
    if (isNothing && (key === "name" || key === "url")) {
      checked.faults.push({ field: own, message: "must not be empty" });
    } else if (isNothing) checked.values[key] = null;
    else if (inner) {
      if (!isObject(value)) checked.faults.push({ field: own, message: "must be a map of keys" });
      else {
        const old = isObject(before[key]) ? before[key] : {};
        const section = checkValues(value, { shape: inner, owner: key, before: old }, own, env);
        checked.values[key] = section.values;
        checked.faults.push(...section.faults);
      }
    } else if (schema) {
      const outcome = checkValue(schema, key === "password" ? value : trimmed(value), env);
      if ("fault" in outcome) checked.faults.push({ field: own, message: outcome.fault });
      else checked.values[key] = outcome.value;
    } else if (Object.hasOwn(before, key)) checked.values[key] = value;
    else
      checked.faults.push({
        field: own,
        message: unknownKey(key, owner, [...Object.keys(shape), ...Object.keys(nested)]),
      });
  }
  return checked;
}

/** Forms send numbers as text, and a value may be read from the environment. */
function checkValue(
  schema: Shape[string],
  written: unknown,
  env: Environment,
): { value: unknown } | { fault: string } {
  const unset = new Set<string>();
  const meant = expand(written, env, unset);
  if (unset.size > 0) {
    const names = [...unset].slice(0, 5).join(", ");
    return {
      fault: `names the environment variable ${names}, which is not set: set it, or write $\${ for the text \${ itself`,
    };
  }
  const direct = schema.safeParse(meant);
  if (direct.success) return { value: written };
  const isReference = !Object.is(meant, written);
  if (typeof meant === "string" && isNumeral(meant) && schema.safeParse(Number(meant)).success) {
    return { value: isReference ? written : Number(meant) };
  }
  if (typeof meant === "number" && schema.safeParse(String(meant)).success) return { value: String(meant) };
  return { fault: firstIssue(direct.error) };
}

function trimmed(value: unknown): unknown {
  return typeof value === "string" ? value.trim() : value;
}

function expand(value: unknown, env: Environment, unset: Set<string>): unknown {
  if (typeof value === "string") return withEnvironment(value, env, unset);
  return Array.isArray(value) ? value.map((entry) => expand(entry, env, unset)) : value;
}

function unknownKey(key: string, owner: string, known: readonly string[]): string {
  const meant = key.length > 40 ? undefined : nearestWord(key, known);
  return `is not a key of ${owner}${meant === undefined ? "" : ` (did you mean ${meant}?)`}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
