import assert from "node:assert/strict";
import path from "node:path";
import { describe, it } from "node:test";
import BetterSqlite from "better-sqlite3";
import { OpenRollups, SNAPSHOT_STRIDE } from "../../nodes/status-store/open-rollups";
import { temporaryFolder } from "../support/temporary-folder";
import { until } from "../support/until";
import { startedStore } from "./history-suite";
import { recordAndKill } from "./killing";
import { rows, settings, stream } from "./support";
import { log, sample } from "./v22-databases";

const TABLES = 60;
const ROWS = 3000;

describe("kill -9 in the middle of an import", () => {
  it("loses and doubles no row, however often", { timeout: 120_000 }, async (context) => {
    const folder = temporaryFolder(context);
    const file = path.join(folder, "streams.db");
    const old = new BetterSqlite(file);
    old.exec("CREATE TABLE streams(name TEXT PRIMARY KEY, url TEXT NOT NULL)");
    // every second minute is a trouble
    const samples = Array.from({ length: ROWS }, (_, index) =>
      index % 120 < 60 ? sample(index) : sample(index, "fail", "timeout"),
    );
    for (let table = 0; table < TABLES; table++) log(old, `log_old_${table}`, samples);
    old.close();
    const isDone = () =>
      rows(file, "SELECT count(*) AS n FROM imports WHERE source = '' AND done = 1")[0] as { n: number };
    let kills = 0;
    for (; kills < 12; kills++) {
      await recordAndKill(file, 30 + kills * 37);
      assert.deepEqual(rows(file, "PRAGMA integrity_check"), [{ integrity_check: "ok" }]);
      if (isDone().n > 0) break;
    }
    context.diagnostic(`${kills} kills before it was done`);
    assert.ok(kills > 1, "it was killed in the middle of it");
    const imported = () =>
      (rows(file, "SELECT coalesce(sum(rows), 0) AS n FROM imports WHERE source <> ''")[0] as { n: number })
        .n;
    context.diagnostic(`${imported()} of ${TABLES * ROWS} rows were in after the last kill`);
    const { store } = await startedStore(context, "file", folder);
    store.setStreams({ payload: [stream("new")], settings: settings() });
    await until(() => isDone().n === 1);
    await store.stop();
    const [first] = rows(
      file,
      `SELECT count(*) AS streams, min(n) AS least, max(n) AS most FROM
         (SELECT count(*) AS n FROM checks JOIN streams ON id = stream WHERE name LIKE 'old_%' GROUP BY stream)`,
    );
    assert.deepEqual(first, { streams: TABLES, least: ROWS, most: ROWS });
    const old_ = "JOIN streams ON streams.id = stream WHERE name LIKE 'old_%'";
    const sums = `SELECT sum(up + down) AS checks, sum(up_ms) AS up, sum(down_ms) AS down FROM rollups ${old_}`;
    const half = (TABLES * ROWS * 1000) / 2;
    assert.deepEqual(rows(file, sums), [{ checks: TABLES * ROWS, up: half, down: half }]);
    // nor is any of it counted once more when the file is opened again
    const db = new BetterSqlite(file);
    const open = new OpenRollups(db).snapshot(Date.now());
    db.close();
    const oldIds = new Set(
      rows(file, "SELECT id FROM streams WHERE name LIKE 'old_%'").map((row) => (row as { id: number }).id),
    );
    assert.equal(oldIds.size, TABLES);
    for (let offset = 0; offset < open.length; offset += SNAPSHOT_STRIDE) {
      assert.equal(oldIds.has(open[offset]!), false, `stream ${open[offset]}`);
    }
    const incidents = rows(file, `SELECT count(*) AS n FROM incidents ${old_}`);
    assert.deepEqual(incidents, [{ n: (TABLES * ROWS) / 120 }]);
  });
});
