/** Where the keys of two values differ; parts that may hold more, or less, are named by their last key. */
export function differences(
  shown: unknown,
  found: unknown,
  loose: ReadonlySet<string>,
  place = "",
): string[] {
  if (kindOf(shown) !== kindOf(found))
    return [`${place}: ${kindOf(shown)} is shown, ${kindOf(found)} is there`];
  if (Array.isArray(shown) && Array.isArray(found)) {
    return shown.length > 0 && found.length > 0 ? differences(shown[0], found[0], loose, `${place}[0]`) : [];
  }
  if (!isObject(shown) || !isObject(found)) return [];
  const keys = loose.has(place.split(".").at(-1) ?? "") ? [] : Object.keys({ ...shown, ...found });
  const missing = keys.flatMap((key) => {
    if (!Object.hasOwn(found, key)) return [`${place}.${key} is shown, and not there`];
    return Object.hasOwn(shown, key) ? [] : [`${place}.${key} is there, and not shown`];
  });
  const common = Object.keys(shown).filter((key) => Object.hasOwn(found, key));
  return [
    ...missing,
    ...common.flatMap((key) => differences(shown[key], found[key], loose, `${place}.${key}`)),
  ];
}

type Plain = Record<string, unknown>;
const isObject = (value: unknown): value is Plain => typeof value === "object" && value !== null;

function kindOf(value: unknown): string {
  return value === null ? "null" : Array.isArray(value) ? "list" : typeof value;
}
