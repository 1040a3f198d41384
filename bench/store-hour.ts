import { openDatabase } from "../nodes/status-store/database-file";
import { OpenRollups } from "../nodes/status-store/open-rollups";
import { regroup } from "../nodes/status-store/regroup";
import { HOUR_MS } from "../nodes/status-store/rollup";

const STREAMS = 10_000;
const HEARTBEAT_MS = 20_000;

/**
 * The work of a full hour, of as many streams as there should ever be.
 * @returns how long the writing thread was held by one slice of it at most
 */
export function longestHourlySliceMs(file: string): number {
  const { db } = openDatabase(file, new Date());
  const begin = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
  const checks = STREAMS * (HOUR_MS / HEARTBEAT_MS);
  db.exec(`
    INSERT INTO messages VALUES (1, 'RTSP 200');
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${STREAMS})
      INSERT INTO streams (id, name, url, protocol, created) SELECT i, 'Camera ' || i, '', 0, 0 FROM n;
    WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${checks - 1})
      INSERT INTO recent SELECT i + 1, 1 + i % ${STREAMS}, ${begin} + i * 2, 0, 0, 1, i % 400, 1 FROM n`);
  db.pragma("wal_checkpoint(TRUNCATE)");
  const slices = regroup(db, new OpenRollups(db), () => begin + HOUR_MS);
  let longestMs = 0;
  for (let done: boolean | undefined = false; !done;) {
    const begun = performance.now();
    done = slices.next().done;
    longestMs = Math.max(longestMs, performance.now() - begun);
  }
  db.close();
  return longestMs;
}
