import type { Incident } from "./answers";

/**
 * What stands below the first page when that was asked for again: the further pages, and before them what newer
 * incidents have pushed out of the first one.
 * @param older of the further pages
 * @returns undefined when so many are new that something may be missing in between: the further pages have to be asked
 * for again
 */
export function belowFirstPage(
  before: readonly Incident[],
  now: readonly Incident[],
  older: readonly Incident[],
): Incident[] | undefined {
  const shown = new Set(now.map(({ id }) => id));
  const last = now.at(-1);
  if (last === undefined || !before.some(({ id }) => shown.has(id))) return undefined;
  // one that is missing further up is gone, and not further down
  const pushedOut = before.filter(({ id, start }) => !shown.has(id) && start <= last.start);
  const kept = new Map([...pushedOut, ...older].map((incident) => [incident.id, incident]));
  return [...kept.values()].filter(({ id }) => !shown.has(id));
}
