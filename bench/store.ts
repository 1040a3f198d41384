import { mkdtempSync, rmSync, statSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import Database from "better-sqlite3";
import { settingsSchema, type Check } from "../contracts";
import { systemClock } from "../common/clock";
import { silentLogger } from "../common/logger";
import { ZonedTime } from "../common/zoned-time";
import { openDatabase } from "../nodes/status-store/database-file";
import { DAY_MS, emptyRollup, FIELDS, HOUR_MS, type Rollup } from "../nodes/status-store/rollup";
import { RollupTable } from "../nodes/status-store/rollup-table";
import { Store } from "../nodes/status-store/store";
import { answerCalls } from "./child";
import { longestHourlySliceMs } from "./store-hour";
import { WriterBench } from "./store-writer-bench";

/** What the store costs: bytes, looking back, exports, metrics and the import of a v2.2 database. */

export interface StoreRequest {
  /** Rows of the generated v2.2 database. */
  importRows: number;
}

export interface StoreFigures {
  keptBytesPerCheck: number;
  writtenBytesPerCheck: number;
  /** 30 days of 1,000 streams: for the first time, and again. */
  uptimeColdMs: number;
  uptimeMs: number;
  exportRowsPerSecond: number;
  /** How much the process grew over the export. */
  exportGrowthMb: number;
  metricsMs: number;
  metricsStreams: number;
  importRows: number;
  importRowsPerSecond: number;
  /** Longest wait of a commit for an import. */
  longestSliceMs: number;
  /** The same for the hourly work of 10,000 streams. */
  hourlySliceMs: number;
}

const STREAMS = 1000;
const METRICS_STREAMS = 10_000;
const HEARTBEAT_MS = 20_000;
const HOURS_RECORDED = 2;
const DAYS = 30;

async function run({ importRows }: StoreRequest): Promise<StoreFigures> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "streampulse-bench-store-"));
  try {
    const bytes = recordHours(path.join(folder, "bytes.db"));
    const uptime = await lookBack(path.join(folder, "uptime.db"));
    const hourlySliceMs = longestHourlySliceMs(path.join(folder, "hour.db"));
    const metricsMs = await metrics(path.join(folder, "metrics.db"));
    const imported = await importV22(path.join(folder, "import.db"), importRows);
    return {
      ...{ ...bytes, ...uptime, hourlySliceMs, metricsMs, metricsStreams: METRICS_STREAMS },
      ...{ importRows, ...imported },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const names = (count: number) => Array.from({ length: count }, (_, index) => `Camera ${index}`);
const streamsOf = (count: number) =>
  names(count).map((name, index) => ({ name, url: `rtsp://192.0.2.${index % 250}/${index}`, enabled: true }));

async function startStore(file: string, streams: number): Promise<Store> {
  const store = new Store({ file, clock: systemClock, logger: silentLogger });
  store.start();
  await new Promise<void>((resolve) => store.whenRead(resolve));
  store.setStreams({ payload: streamsOf(streams), settings: settingsSchema.parse({}) });
  return store;
}

function checkOf(name: string, index: number, at: number): Check {
  const isUp = index % 50 !== 0;
  return {
    ...{ stream: name, at, level: "handshake", timings: {} },
    ...(isUp
      ? { state: "up", reason: "ok", message: "RTSP 200", latencyMs: (index * 7) % 400 }
      : { state: "down", reason: "timeout", message: "timeout", latencyMs: null }),
  };
}

/** Two hours of checks through the product's own writer, each hour regrouped, in commits of the product's size. */
function recordHours(file: string) {
  const bench = new WriterBench(file, streamsOf(STREAMS));
  const all = names(STREAMS);
  let checks = 0;
  for (let passed = 0; passed < HOURS_RECORDED * HOUR_MS; passed += 500) {
    const first = ((passed % HEARTBEAT_MS) / HEARTBEAT_MS) * STREAMS;
    const some = all.slice(first, first + STREAMS / (HEARTBEAT_MS / 500));
    bench.record(some.map((name, index) => checkOf(name, checks + index, bench.now)));
    checks += some.length;
    bench.pass(500);
  }
  return bench.finish(checks);
}

/** Rollups of 30 days, written as the store keeps them, and 200,000 checks to export. */
async function lookBack(file: string) {
  const { db } = openDatabase(file, new Date());
  const now = Date.now();
  const hour = Math.floor(now / HOUR_MS);
  const table = new RollupTable(db);
  const insert = db.prepare("INSERT INTO streams (id, name, url, protocol, created) VALUES (?, ?, '', 0, 0)");
  const rollup = emptyRollup();
  rollup.set([178, 1, 1, 179]);
  rollup[FIELDS.ms] = HOUR_MS;
  db.transaction(() => {
    names(STREAMS).forEach((name, index) => {
      insert.run(index + 1, name);
      const hours = new Map<number, Rollup>();
      for (let back = 1; back <= (DAYS * DAY_MS) / HOUR_MS; back++) hours.set(hour - back, rollup);
      table.add(index + 1, hours);
    });
    db.exec("INSERT INTO messages VALUES (1, 'RTSP 200')");
    const check = db.prepare("INSERT INTO checks VALUES (?, ?, 0, 0, 1, 12, 1)");
    for (let id = 1; id <= STREAMS; id++) {
      for (let index = 0; index < 200; index++) check.run(id, now - DAY_MS + index * HEARTBEAT_MS);
    }
  })();
  db.close();
  const store = await startStore(file, STREAMS);
  await sleep(2000);
  const ask = async (turn: number) => {
    const begun = performance.now();
    await store.ask(`uptime ${turn}`, () => ({
      ...{ kind: "uptime", windows: ["30d"], by: ["stream", "group", "all"], stream: null },
      ...store.asked(),
    }));
    return performance.now() - begun;
  };
  await store.ask("warm up", () => ({
    kind: "uptime",
    windows: ["24h"],
    by: ["all"],
    stream: null,
    ...store.asked(),
  }));
  const uptimeColdMs = await ask(0);
  const again: number[] = [];
  for (let turn = 1; turn <= 20; turn++) again.push(await ask(turn));
  again.sort((a, b) => a - b);
  const exported = await exportAll(store);
  await store.stop();
  return { uptimeColdMs, uptimeMs: again[10] as number, ...exported };
}

async function exportAll(store: Store) {
  const whole = {
    kind: "export",
    format: "csv",
    stream: null,
    from: 0,
    to: Date.now() + 1,
    timezone: "UTC",
  } as const;
  let grownBytes = 0;
  let lines = 0;
  const before = process.memoryUsage.rss();
  const begun = performance.now();
  for await (const piece of store.read(whole)) {
    for (const byte of piece) if (byte === 10) lines++;
    grownBytes = Math.max(grownBytes, process.memoryUsage.rss() - before);
  }
  const seconds = (performance.now() - begun) / 1000;
  return { exportRowsPerSecond: (lines - 1) / seconds, exportGrowthMb: grownBytes / 1e6 };
}

async function metrics(file: string): Promise<number> {
  const store = await startStore(file, METRICS_STREAMS);
  store.recordChecks(names(METRICS_STREAMS).map((name, index) => checkOf(name, index, Date.now())));
  await sleep(1500);
  await store.askMetrics();
  await sleep(1200);
  const begun = performance.now();
  await store.askMetrics();
  const tookMs = performance.now() - begun;
  await store.stop();
  return tookMs;
}

async function importV22(file: string, rows: number) {
  const db = new Database(file);
  db.exec("CREATE TABLE streams(name TEXT PRIMARY KEY, url TEXT NOT NULL)");
  const tables = 100;
  const zone = new ZonedTime("Asia/Kolkata");
  const begin = Date.now() - DAYS * DAY_MS;
  for (let table = 0; table < tables; table++) {
    db.prepare("INSERT INTO streams VALUES (?, ?)").run(`cam${table}`, `rtsp://u:p@192.0.2.1/${table}`);
    db.exec(
      `CREATE TABLE log_cam${table}(id INTEGER PRIMARY KEY AUTOINCREMENT, ts TEXT NOT NULL, status TEXT NOT NULL, latency_ms INTEGER, message TEXT)`,
    );
    const insert = db.prepare(
      `INSERT INTO log_cam${table} (ts, status, latency_ms, message) VALUES (?, ?, ?, ?)`,
    );
    db.transaction(() => {
      for (let index = 0; index < rows / tables; index++) {
        const isUp = index % 500 > 3;
        const ts = zone.format(begin + index * HEARTBEAT_MS);
        insert.run(ts, isUp ? "ok" : "fail", index % 300, isUp ? "RTSP 200" : "timeout");
      }
    })();
  }
  db.close();
  const begun = performance.now();
  const store = await startStore(file, 10);
  const maintenance = () =>
    store.health().details.maintenance as { imports: { done: boolean }[]; longestSliceMs: number } | null;
  while (!maintenance()?.imports[0]?.done) await sleep(20);
  const seconds = (performance.now() - begun) / 1000;
  const longestSliceMs = maintenance()?.longestSliceMs ?? 0;
  await store.stop();
  if (statSync(file).size < rows) throw new Error("the import brought too little in");
  return { importRowsPerSecond: rows / seconds, longestSliceMs };
}

answerCalls({ run });
