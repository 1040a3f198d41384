import type { FlowFacts } from "./flow-headers";

/**
 * Where v2.2's addresses, and `/`, lead to now.
 * @param path as it came, encoded; without the query
 * @returns undefined when the path is none of these, or for `/` when there is no dashboard
 */
export function successorOf(path: string, { streamsPage, settingsPage }: FlowFacts): string | undefined {
  if (path === "/export/all.csv") return "/api/export.csv";
  if (path === "/settings") return settingsPage ?? "/";
  if (path === "/") return streamsPage;
  const name = /^\/history\/([^/]+)$/.exec(path)?.[1];
  if (name === undefined) return undefined;
  return streamsPage === undefined
    ? "/"
    : `${streamsPage}?stream=${encodeURIComponent(decodeURIComponent(name))}`;
}
