export interface Rename {
  from: string;
  to: string;
}

/**
 * Finds renamed streams between two lists: a name that is gone and a name that is new with the same URL. Where a URL
 * is gone or new more than once nobody can tell which is which, and nothing is a rename.
 *
 * @param known renames that somebody told, which win
 */
export function findRenames(
  before: Iterable<{ name: string; url: string }>,
  after: Iterable<{ name: string; url: string }>,
  known: readonly Rename[] = [],
): Rename[] {
  const beforeList = [...before];
  const afterList = [...after];
  const namesBefore = new Set(beforeList.map((stream) => stream.name));
  const namesAfter = new Set(afterList.map((stream) => stream.name));
  const told = known.filter(
    ({ from, to }) => namesBefore.has(from) && namesAfter.has(to) && !namesBefore.has(to),
  );
  const settled = new Set(told.flatMap(({ from, to }) => [from, to]));

  const gone = byUrl(beforeList.filter(({ name }) => !namesAfter.has(name) && !settled.has(name)));
  const fresh = byUrl(afterList.filter(({ name }) => !namesBefore.has(name) && !settled.has(name)));
  const found: Rename[] = [];
  for (const [url, from] of gone) {
    const to = fresh.get(url);
    if (from && to) found.push({ from, to });
  }
  return [...told, ...found];
}

/** The one name of each URL; null where a URL has several. */
function byUrl(streams: Iterable<{ name: string; url: string }>): Map<string, string | null> {
  const names = new Map<string, string | null>();
  for (const { name, url } of streams) names.set(url, names.has(url) ? null : name);
  return names;
}
