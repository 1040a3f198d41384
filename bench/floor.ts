import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import Database from "better-sqlite3";
import { answerCalls } from "./child";
import { cpuSeconds } from "./cpu";

/**
 * The floor under every check: a DESCRIBE over a bare socket, and a row in SQLite, with nothing around them. What the
 * product needs more is the price of scheduling, judging, messages and health.
 */

export interface FloorRequest {
  urls: string[];
  seconds: number;
  /** Unset: as fast as it goes. */
  checksPerSecond?: number;
}

export interface FloorResult {
  checks: number;
  failed: number;
  seconds: number;
  cpuSeconds: number;
}

const ROWS_PER_TRANSACTION = 500;
const WARM_UP_CHECKS = 2000;
const UNPACED_CONCURRENCY = 32;
const LEAST_WAIT_MS = 10;

class RowWriter {
  private readonly folder = mkdtempSync(path.join(os.tmpdir(), "streampulse-floor-"));
  private readonly database = new Database(path.join(this.folder, "floor.db"));
  private rows: [number, number, number][] = [];
  private readonly writeRows: (rows: [number, number, number][]) => void;

  constructor() {
    this.database.pragma("journal_mode = WAL");
    this.database.pragma("synchronous = NORMAL");
    this.database.exec(
      "CREATE TABLE recent (stream INTEGER, at INTEGER, state INTEGER, reason INTEGER, message INTEGER, latency INTEGER, ok INTEGER)",
    );
    const insert = this.database.prepare("INSERT INTO recent VALUES (?, ?, 1, 1, 1, ?, 1)");
    this.writeRows = this.database.transaction((rows: [number, number, number][]) => {
      for (const row of rows) insert.run(...row);
    });
  }

  add(stream: number, at: number, latencyMs: number): void {
    this.rows.push([stream, at, latencyMs]);
    if (this.rows.length >= ROWS_PER_TRANSACTION) this.flush();
  }

  flush(): void {
    this.writeRows(this.rows);
    this.rows = [];
  }

  close(): void {
    this.database.close();
    rmSync(this.folder, { recursive: true });
  }
}

interface Target {
  host: string;
  port: number;
  request: string;
}

function targetOf(url: string): Target {
  const { hostname, port } = new URL(url);
  const request = `DESCRIBE ${url} RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n`;
  return { host: hostname, port: Number(port), request };
}

/** @returns false when no whole SDP came */
function describeOnce({ host, port, request }: Target): Promise<boolean> {
  return new Promise((resolve) => {
    let text = "";
    const socket = connect(port, host, () => socket.write(request));
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      const headEnd = text.indexOf("\r\n\r\n");
      const length = /Content-Length: (\d+)/.exec(text)?.[1];
      if (headEnd < 0 || length === undefined || text.length < headEnd + 4 + Number(length)) return;
      resolve(true);
      socket.destroy();
    });
    socket.on("error", () => resolve(false));
    socket.on("close", () => resolve(false));
  });
}

class Floor {
  checks = 0;
  failed = 0;
  private next = 0;

  constructor(
    private readonly targets: Target[],
    private readonly writer: RowWriter,
  ) {}

  async check(): Promise<void> {
    const stream = this.next++ % this.targets.length;
    const start = performance.now();
    const answered = await describeOnce(this.targets[stream] as Target);
    this.writer.add(stream, Date.now(), Math.round(performance.now() - start));
    this.checks++;
    if (!answered) this.failed++;
  }

  /** As many at a time as `UNPACED_CONCURRENCY`, while `more` says so. */
  async unpaced(more: () => boolean): Promise<void> {
    const lane = async () => {
      while (more()) await this.check();
    };
    await Promise.all(Array.from({ length: UNPACED_CONCURRENCY }, lane));
  }

  async paced(checksPerSecond: number, seconds: number): Promise<void> {
    const start = performance.now();
    const running: Promise<void>[] = [];
    const all = Math.floor(checksPerSecond * seconds);
    while (running.length < all) {
      const dueMs = start + ((running.length + 1) / checksPerSecond) * 1000;
      // Not a timer for each check, nor one that wakes for nothing: the floor shall be as low as it can.
      await sleep(Math.max(LEAST_WAIT_MS, dueMs - performance.now()));
      const due = Math.min(all, Math.floor(((performance.now() - start) / 1000) * checksPerSecond));
      while (running.length < due) running.push(this.check());
    }
    await Promise.all(running);
  }
}

async function run({ urls, seconds, checksPerSecond }: FloorRequest): Promise<FloorResult> {
  const writer = new RowWriter();
  const targets = urls.map(targetOf);
  const warmUp = new Floor(targets, writer);
  await warmUp.unpaced(() => warmUp.checks < WARM_UP_CHECKS);

  const floor = new Floor(targets, writer);
  const start = performance.now();
  const cpuBefore = cpuSeconds();
  if (checksPerSecond === undefined) await floor.unpaced(() => performance.now() - start < seconds * 1000);
  else await floor.paced(checksPerSecond, seconds);
  writer.flush();
  const result = {
    checks: floor.checks,
    failed: floor.failed,
    seconds: (performance.now() - start) / 1000,
    cpuSeconds: cpuSeconds() - cpuBefore,
  };
  writer.close();
  return result;
}

answerCalls({ run });
