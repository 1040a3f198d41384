import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { v22TableKey, v22Time, v22Verdict, withoutCredentials } from "../../nodes/status-store/v22-samples";
import { V22_DATABASE } from "./history-suite";
import { NOW, rows, WriterHarness } from "./support";
import { countsByName, harness, importAll, isDone, log, sample } from "./v22-databases";

const GATE = { name: "Gate Camera", url: "rtsp://127.0.0.1:8554/cam/gate" };

describe("import of a v2.2 database", () => {
  it("brings in all 126 checks of the nine streams, with states, incidents and rollups, and no password", (context) => {
    const one = harness(context, V22_DATABASE);
    importAll(one, GATE);
    assert.deepEqual(countsByName(one.file), {
      ...{ Attic: 3, Dock: 3, "Gate Camera": 19, "Küche 1": 18, "2nd floor": 19 },
      ...{ "Lobby MJPEG": 25, "Old NVR": 18, "Parking MJPEG": 3, "Yard (auth)": 18 },
    });
    assert.deepEqual(
      rows(one.file, "SELECT sum(up + degraded + down) AS n, sum(v22_ok) AS ok FROM rollups"),
      [{ n: 126, ok: 117 }],
    );
    assert.deepEqual(rows(one.file, "SELECT sum(up + degraded + down) AS n FROM daily_rollups"), [
      { n: 126 },
    ]);
    assert.deepEqual(
      rows(
        one.file,
        "SELECT name, reasons.text AS reason FROM incidents JOIN streams ON streams.id = stream JOIN reasons ON reasons.id = reason ORDER BY name",
      ),
      [
        { name: "Attic", reason: "connect_refused" },
        { name: "Dock", reason: "server_error" },
        { name: "Old NVR", reason: "wrong_path" },
        { name: "Parking MJPEG", reason: "wrong_path" },
        { name: "Yard (auth)", reason: "auth_required" },
      ],
    );
    // watched streams go on under one id, and nobody knows what was between
    const spans = rows(
      one.file,
      `SELECT state, "end" IS NULL AS open FROM spans JOIN streams ON id = stream WHERE name = 'Gate Camera' ORDER BY start`,
    );
    assert.deepEqual(spans.at(-1), { state: 3, open: 1 });
    assert.deepEqual(rows(one.file, "SELECT count(*) AS n FROM streams WHERE removed IS NULL"), [{ n: 1 }]);
    const bytes = readFileSync(one.file).toString("latin1") + one.logger.texts().join();
    for (const secret of ["admin123", "s3cret"]) assert.ok(!bytes.includes(secret), secret);
    assert.match(one.logger.texts().join("\n"), /all 126 checks that can be read are imported\./);
  });

  it("is no problem, and leaves the old database without a log beside it", (context) => {
    const one = harness(context, (db) => {
      db.pragma("journal_mode = WAL");
      log(db, "log_a", [sample(0), sample(20)]);
    });
    importAll(one);
    const folder = path.dirname(one.file);
    assert.deepEqual(readdirSync(folder).sort(), [
      ...["streams.db", "streams.db-shm", "streams.db-wal", "streams.v22.db"],
    ]);
    assert.deepEqual(
      one.stats.notices.map(({ isLoss }) => isLoss),
      [false],
    );
    assert.ok(one.logger.lines.every(({ level }) => level === "info"));
    assert.deepEqual(countsByName(one.file), { a: 2 });
  });

  it("gives shared tables to both, orphaned ones a stream of their own, and quotes odd names", (context) => {
    const one = harness(context, (db) => {
      const add = db.prepare("INSERT INTO streams VALUES (?, ?)");
      for (const name of ["cam 1", "cam_1", "CAM!1", "1st", "Tür ❄"]) add.run(name, "rtsp://u:s3cret@h/1");
      add.run("broken", "not a url");
      log(db, "log_cam_1", [sample(0), sample(20), sample(20)]);
      log(db, "log_t_1st", [sample(0)]);
      log(db, "log_Tür__", [sample(0)]);
      log(db, "log_gone", [sample(5)]);
      log(db, "log_broken", [sample(5)]);
      db.exec(`CREATE TABLE "log_a""b; DROP TABLE streams" (ts TEXT, status TEXT)`);
      db.exec(`INSERT INTO "log_a""b; DROP TABLE streams" VALUES ('2026-01-01T00:00:00Z', 'ok')`);
    });
    importAll(one);
    assert.deepEqual(countsByName(one.file), {
      ...{ "1st": 1, 'a"b; DROP TABLE streams': 1, broken: 1, gone: 1, "Tür ❄": 1 },
      ...{ "CAM!1": 3, "cam 1": 3, cam_1: 3 },
    });
    // two samples of one millisecond are both there
    const at = Date.UTC(2026, 0, 1);
    const ats = rows(
      one.file,
      "SELECT at FROM checks JOIN streams ON id = stream WHERE name = 'cam 1' ORDER BY at",
    );
    assert.deepEqual(ats, [{ at }, { at: at + 20_000 }, { at: at + 20_001 }]);
  });

  it("reads each time with its own offset, and makes states and incidents of samples", (context) => {
    const one = harness(context, (db) => {
      db.exec("INSERT INTO streams VALUES ('a', 'rtsp://h/a')");
      const fails = (second: number) => sample(second, "fail", "timeout");
      log(db, "log_a", [
        ...[sample(0), sample(20), fails(40), sample(60), fails(80), fails(100), fails(120), sample(140)],
        // the timezone was changed here: 00:02:40 UTC
        ["2026-01-01T05:32:40.500000+05:30", "ok", 7, "RTSP 200"],
        // nobody watched for an hour
        ["2026-01-01T01:02:40.000000+00:00", "fail", null, "HTTP 500"],
        ["no time", "ok", 7, ""],
      ]);
    });
    importAll(one);
    const T = Date.UTC(2026, 0, 1);
    const spans = rows(
      one.file,
      `SELECT (start - ${T}) / 1000.0 AS start, ("end" - ${T}) / 1000.0 AS "end", state FROM spans ORDER BY start`,
    );
    assert.deepEqual(
      spans.map((span) => Object.values(span as object) as unknown),
      [
        ...[
          [0, 40, 0],
          [40, 60, 2],
          [60, 80, 0],
          [80, 140, 2],
          [140, 180.5, 0],
        ],
        ...[
          [180.5, 3760, 5],
          [3760, 3780, 2],
        ],
      ],
    );
    assert.deepEqual(
      rows(one.file, `SELECT (start - ${T}) / 1000 AS start, ("end" - ${T}) / 1000 AS "end" FROM incidents`),
      [{ start: 80, end: 140 }],
    );
    assert.deepEqual(rows(one.file, "SELECT sum(up_ms) AS up, sum(down_ms) AS down FROM rollups"), [
      { up: 100_500, down: 100_000 },
    ]);
    assert.equal(one.stats.maintenance?.imports[0]?.lost, 1);
    assert.match(
      one.logger.texts().join("\n"),
      /all 10 checks that can be read are imported; 1 rows could not be read/,
    );
  });

  it("goes on after a kill where it was, and does nothing twice", (context) => {
    const one = harness(context, (db) => {
      for (const name of ["a", "b", "c"]) {
        db.prepare("INSERT INTO streams VALUES (?, ?)").run(name, `rtsp://h/${name}`);
        log(
          db,
          `log_${name}`,
          Array.from({ length: 3000 }, (_, index) => sample(index)),
        );
      }
    });
    one.writer.start();
    one.watch();
    while (!one.logger.texts().some((line) => line.includes("importing"))) one.clock.pass(1);
    one.clock.pass(1);
    // the thread is gone without a word: another one takes the file
    one.opened!.db.close();
    for (let kills = 0; kills < 3; kills++) {
      const part = new WriterHarness(one.file);
      part.writer.start();
      part.watch();
      for (let turn = 0; turn < 150; turn++) part.clock.pass(2);
      if (!isDone(part)) part.opened!.db.close();
    }
    const last = new WriterHarness(one.file);
    context.after(() => last.writer.stop());
    last.writer.start();
    last.watch();
    for (let turn = 0; turn < 2000; turn++) last.clock.pass(20);
    assert.deepEqual(countsByName(one.file), { a: 3000, b: 3000, c: 3000 });
    assert.deepEqual(rows(one.file, "SELECT sum(up) AS n, sum(up_ms) AS ms FROM rollups"), [
      { n: 9000, ms: 3 * 3_000_000 },
    ]);
    assert.equal(rows(one.file, "SELECT * FROM spans").length, 3);
    const again = new WriterHarness(one.file);
    again.writer.start();
    again.watch();
    again.clock.pass(60_000);
    again.writer.stop();
    assert.deepEqual(again.logger.lines, []);
    assert.deepEqual(countsByName(one.file), { a: 3000, b: 3000, c: 3000 });
  });

  it("counts no time twice after a restart, of streams that are watched and of others", (context) => {
    const one = harness(context, (db) => {
      for (const name of ["watched", "gone"]) {
        db.prepare("INSERT INTO streams VALUES (?, ?)").run(name, `rtsp://h/${name}`);
        log(
          db,
          `log_${name}`,
          Array.from({ length: 600 }, (_, index) => sample(index)),
        );
      }
    });
    const streams = ["watched", "gone"].map((name) => ({ name, url: `rtsp://h/${name}` }));
    const sums = () =>
      rows(
        one.file,
        "SELECT name, sum(up) AS n, sum(up_ms) AS ms FROM rollups JOIN streams ON id = stream GROUP BY name",
      );
    const imported = [
      { name: "gone", n: 600, ms: 600_000 },
      { name: "watched", n: 600, ms: 600_000 },
    ];
    importAll(one, streams[0]!);
    assert.deepEqual(sums(), imported);
    one.writer.stop();
    for (const watched of [streams.slice(0, 1), streams]) {
      const next = new WriterHarness(one.file);
      context.after(() => next.writer.stop());
      next.writer.start();
      next.watch(...watched);
      // what it has recovered is put into the tables
      next.clock.pass(2 * 3_600_000);
      next.writer.stop();
      assert.deepEqual(sums(), imported);
    }
  });

  it("carries no password of an address over, and knows the reason all the same", (context) => {
    const url = "http://192.0.2.1/cgi-bin/snapshot.cgi?user=admin&pwd=s3cret";
    const one = harness(context, (db) => {
      db.prepare("INSERT INTO streams VALUES ('a', ?)").run(url);
      const messages = [`'${url}' failed`, `${url}: Connection refused`];
      log(
        db,
        "log_a",
        messages.map((message, index) => sample(index, "fail", message)),
      );
    });
    importAll(one, { name: "a", url });
    const checks = `SELECT messages.text AS message, reasons.text AS reason FROM checks
      JOIN messages ON messages.id = message JOIN reasons ON reasons.id = reason ORDER BY at`;
    assert.deepEqual(rows(one.file, checks), [
      { message: "'http://192.0.2.1' failed", reason: "server_error" },
      { message: "http://192.0.2.1", reason: "connect_refused" },
    ]);
    one.writer.stop();
    assert.equal(readFileSync(one.file).includes("s3cret"), false);
  });

  it("ends where the new monitor begins, also where v2.2 ran until a moment before", (context) => {
    const one = harness(context, (db) => {
      const samples = [45, 25, 5].map((second) => [
        new Date(NOW - second * 1000).toISOString(),
        ...["ok", 7, "RTSP 200"],
      ]);
      log(db, "log_a", samples);
    });
    importAll(one, { name: "a", url: "rtsp://192.0.2.1/a" });
    assert.deepEqual(rows(one.file, "SELECT sum(up_ms) AS ms FROM rollups"), [{ ms: 45_000 }]);
    const spans = `SELECT start - ${NOW} AS start, "end" - ${NOW} AS "end", state FROM spans ORDER BY start`;
    assert.deepEqual(rows(one.file, spans), [
      { start: -45_000, end: 0, state: 0 },
      { start: 0, end: null, state: 3 },
    ]);
  });

  it("counts the whole time of a state that lasted for months", (context) => {
    const hours = 120 * 24;
    const one = harness(context, (db) => {
      const begin = Date.parse("2026-01-01T00:00:00Z");
      const at = (index: number) => new Date(begin + index * 3_600_000).toISOString();
      log(
        db,
        "log_a",
        Array.from({ length: hours }, (_, index) => [at(index), "ok", 7, "RTSP 200"]),
      );
    });
    importAll(one);
    const sums = "SELECT count(*) AS rows, sum(up_ms) AS ms FROM";
    assert.deepEqual(rows(one.file, `${sums} rollups`), [{ rows: hours, ms: hours * 3_600_000 }]);
    assert.deepEqual(rows(one.file, `${sums} daily_rollups`), [{ rows: 120, ms: hours * 3_600_000 }]);
  });

  it("goes on recording meanwhile", (context) => {
    const one = harness(context, (db) => {
      db.exec("INSERT INTO streams VALUES ('a', 'rtsp://h/a')");
      log(
        db,
        "log_a",
        Array.from({ length: 3500 }, (_, index) => sample(index)),
      );
      log(
        db,
        "log_b",
        Array.from({ length: 3500 }, (_, index) => sample(index)),
      );
    });
    one.writer.start();
    one.watch({ name: "a", url: "rtsp://h/a" });
    while (!one.logger.texts().some((line) => line.includes("importing"))) one.clock.pass(1);
    const flat = ["a", one.clock.now(), "up", "ok", "RTSP 200", 3];
    one.writer.receive({ kind: "checks", flat });
    one.clock.pass(500);
    assert.equal(one.stats.checksStored, 1);
  });

  it("takes what can be read of a damaged file, and says how much was not", (context) => {
    const one = harness(context, (db) => {
      db.exec("INSERT INTO streams VALUES ('a', 'rtsp://h/a')");
      log(
        db,
        "log_a",
        Array.from({ length: 3000 }, (_, index) => sample(index)),
      );
    });
    const bytes = readFileSync(one.file);
    const page = 4096;
    const inTheMiddle = Math.floor(bytes.length / page / 2) * page;
    bytes.fill(0xff, inTheMiddle, inTheMiddle + page);
    writeFileSync(one.file, bytes);
    importAll(one);
    const { rows: came, lost } = one.stats.maintenance!.imports[0]!;
    assert.equal(came + lost, 3000);
    assert.ok(lost > 20 && lost < 200, `${lost} lost`);
    assert.equal(countsByName(one.file).a, came);
    assert.match(one.logger.texts().join("\n"), new RegExp(`${lost} rows could not be read and are missing`));
  });

  it("takes what is there of a file that was cut off", (context) => {
    const one = harness(context, (db) => {
      db.exec("INSERT INTO streams VALUES ('a', 'rtsp://h/a')");
      log(
        db,
        "log_a",
        Array.from({ length: 3000 }, (_, index) => sample(index)),
      );
    });
    truncateSync(one.file, Math.floor(statSync(one.file).size / 4096 / 2) * 4096);
    importAll(one);
    const { rows: came, lost } = one.stats.maintenance!.imports[0]!;
    assert.equal(came + lost, 3000);
    assert.ok(came > 500, `${came} came in`);
  });
});

describe("what v2.2 wrote", () => {
  it("names of tables", () => {
    const names: Record<string, string> = {
      "Gate Camera": "gate_camera",
      "2nd floor": "t_2nd_floor",
      "Küche 1": "küche_1",
      Ärger: "Ärger",
      _x: "_x",
      "❄": "_",
      "": "t_",
    };
    for (const [name, key] of Object.entries(names)) assert.equal(v22TableKey(name), key, name);
  });

  it("times", () => {
    const at = Date.UTC(2026, 10, 22, 6, 41, 5, 310);
    for (const text of [
      ...["2026-11-22T12:11:05.310538+05:30", "2026-11-22 06:41:05.31", "2026-11-22T06:41:05.310Z"],
      "2026-11-22T06:40:37.310000-00:00:28",
    ]) {
      assert.equal(v22Time(text), at, text);
    }
    for (const text of [null, 5, "", "yesterday", "2026-13-45T00:00:00"])
      assert.equal(v22Time(text), undefined);
  });

  it("messages", () => {
    const reason = (status: string, message: string) => v22Verdict(status, message).reason;
    assert.equal(reason("ok", "RTSP 454 Session Not Found"), "session_limit");
    assert.equal(reason("ok", "HTTP 302"), "ok");
    assert.equal(reason("fail", "HTTP 404"), "wrong_path");
    assert.equal(reason("fail", "error:[Errno 113] No route to host"), "unreachable");
    assert.equal(reason("fail", "RTSP not 200"), "server_error");
  });

  it("addresses in messages, of which scheme and host are kept", () => {
    const kept: [message: string, kept: string][] = [
      ["timeout", "timeout"],
      ["cannot open rtsp://u:p@ss@h/x", "cannot open rtsp://h"],
      ["RTSP://10.0.0.5:554/x: Connection refused", "rtsp://10.0.0.5"],
      ["http://[fe80::1]:8080: Connection refused", "http://[fe80::1]:8080"],
      [
        "0, message='', url='http://10.0.0.5/cgi-bin/snapshot.cgi?user=admin&pwd=s3cret'",
        "0, message='', url='http://10.0.0.5'",
      ],
      ["no URL('http://u:s3cret@10.0.0.5/x') is open", "no URL('http://10.0.0.5') is open"],
      ["from 'http://a/s3cret' to http://b/?key=s3cret", "from 'http://a' to http://b"],
      // where it ends nobody can tell
      ["http://10.0.0.5/x?pwd=s3 cret", "http://10.0.0.5"],
      ["http://admin:s3 cret@10.0.0.5/x", "http://10.0.0.5"],
      // nor what its host is
      ["Cannot open rtsp://admin:pa/s3cret@10.0.0.5/1", "Cannot open rtsp://…"],
      ["rtsp://admin:12/34s3cret@10.0.0.5/1", "rtsp://…"],
      ["rtsp://admin:12?34s3cret@10.0.0.5 failed", "rtsp://…"],
      ["url='http://admin:pa's3cret@10.0.0.5/x'", "url='http://10.0.0.5'"],
      ["http://admin:s3cret@10.0.0.5/x?mail=s3@cret", "http://…"],
      ["http://admin:s3 cret", "http://…"],
      ["ftp://s3cret/x", "ftp://…"],
    ];
    for (const [message, expected] of kept) assert.equal(withoutCredentials(message), expected);
    assert.equal(withoutCredentials(`${"x".repeat(600)}http://u:s3cret@h/`), "x".repeat(500));
  });
});
