import { isDeepStrictEqual } from "node:util";

/** What is set, without what means the same as nothing. */
export function settled(values: Record<string, unknown>): Record<string, unknown> {
  const { name, url, ...rest } = values;
  const others = Object.entries(rest).filter(
    ([key, value]) => value !== null && !(key === "enabled" && value === true),
  );
  return { name, url, ...Object.fromEntries(others) };
}

/** The keys that are another value than in the file. */
export function differences(
  values: Readonly<Record<string, unknown>>,
  before: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const different: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(values)) {
    const old = Object.hasOwn(before, key) ? (before[key] ?? null) : null;
    if (isMap(value) && isMap(old)) {
      const inner = differences(value, old);
      if (Object.keys(inner).length > 0) different[key] = inner;
    } else if (isMap(value)) {
      const inner = differences(value, {});
      if (Object.keys(inner).length > 0) different[key] = inner;
    } else if (!isDeepStrictEqual(value, old)) different[key] = value;
  }
  return different;
}

export function asMap(value: unknown): Record<string, unknown> {
  return isMap(value) ? value : {};
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
