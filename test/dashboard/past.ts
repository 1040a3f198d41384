import BetterSqlite from "better-sqlite3";

const STEP_MS = 300_000;
const DAY_MS = 86_400_000;

/** When something was the matter, in hours before now. */
export interface Trouble {
  from: number;
  to: number;
  /** v2.2's words, from which the reason is read: "timeout", "RTSP 404 Not Found". */
  message: string;
}

export interface Past {
  name: string;
  url: string;
  /** Mean latency in milliseconds. */
  latencyMs: number;
  troubles?: readonly Trouble[];
}

/**
 * Writes a streams.db as v2.2 left it, with a check of each stream every five minutes: the product takes it over at
 * its start, and then has a past to show.
 * @param days how far it reaches back
 */
export function writePast(file: string, pasts: readonly Past[], days: number): void {
  const db = new BetterSqlite(file);
  db.exec("CREATE TABLE streams (name TEXT PRIMARY KEY, url TEXT)");
  const now = Date.now();
  pasts.forEach(({ name, url, latencyMs, troubles = [] }, number) => {
    db.prepare("INSERT INTO streams VALUES (?, ?)").run(name, url);
    const table = `log_${name.replace(/[^\p{L}\p{N}_]/gu, "_").replace(/^(?![\p{L}_])/u, "t_")}`;
    db.exec(
      `CREATE TABLE "${table}" (id INTEGER PRIMARY KEY AUTOINCREMENT, ts TEXT, status TEXT, latency_ms INTEGER, message TEXT)`,
    );
    const insert = db.prepare(`INSERT INTO "${table}" (ts, status, latency_ms, message) VALUES (?, ?, ?, ?)`);
    db.transaction(() => {
      for (let at = now - days * DAY_MS; at < now; at += STEP_MS) {
        const hoursAgo = (now - at) / 3_600_000;
        const trouble = troubles.find(({ from, to }) => hoursAgo <= from && hoursAgo > to);
        const isFail = trouble !== undefined && !/^RTSP 4/.test(trouble.message);
        // waves over the day and a little noise, the same in every run
        const wave =
          1 +
          0.35 * Math.sin((at / DAY_MS) * 2 * Math.PI + number) +
          0.25 * Math.sin(at / 4.7e6 + number * 3);
        const latency = isFail ? null : Math.max(1, Math.round(latencyMs * wave));
        const time = new Date(at).toISOString().replace("Z", "000+00:00");
        insert.run(time, isFail ? "fail" : "ok", latency, trouble?.message ?? "RTSP 200");
      }
    })();
  });
  db.close();
}
