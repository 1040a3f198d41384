import { readFileSync } from "node:fs";
import Database from "better-sqlite3";
import type { Check } from "../contracts";
import type { Clock } from "../common/clock";
import { silentLogger } from "../common/logger";
import { openDatabase } from "../nodes/status-store/database-file";
import { StoreWriter } from "../nodes/status-store/store-writer";

/** The store's writer under a clock that is turned by hand, so that hours of checks take seconds. */
export class WriterBench {
  private timers: { at: number; callback: () => void }[] = [];
  private elapsedMs = 0;
  private readonly begin = Date.UTC(2026, 0, 1);
  private readonly writer: StoreWriter;
  private readonly writtenBefore: number;

  constructor(
    private readonly file: string,
    streams: { name: string; url: string }[],
  ) {
    const clock: Clock = {
      now: () => this.now,
      elapsed: () => this.elapsedMs,
      setTimeout: (callback, delayMs) => {
        const timer = { at: this.elapsedMs + delayMs, callback };
        this.timers.push(timer);
        return timer;
      },
      clearTimeout: (timer) => void (this.timers = this.timers.filter((one) => one !== timer)),
    };
    this.writer = new StoreWriter({ file, clock, logger: silentLogger, open: openDatabase, send: () => {} });
    this.writer.start();
    this.writer.receive({ kind: "streams", streams, renames: [], strict: false, at: this.now });
    this.pass(1000);
    this.writtenBefore = writtenBytes();
  }

  get now(): number {
    return this.begin + this.elapsedMs;
  }

  record(checks: Check[]): void {
    const flat = checks.flatMap(({ stream, at, state, reason, message, latencyMs }) => [
      ...[stream, at, state, reason, message, latencyMs],
    ]);
    this.writer.receive({ kind: "checks", flat });
  }

  pass(ms: number): void {
    const end = this.elapsedMs + ms;
    for (;;) {
      const next = this.timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.timers = this.timers.filter((one) => one !== next);
      this.elapsedMs = Math.max(this.elapsedMs, next.at);
      next.callback();
    }
    this.elapsedMs = end;
  }

  /** What a check costs once the work of the last whole hour is done, the log and its copies into the file included. */
  finish(checks: number): { keptBytesPerCheck: number; writtenBytesPerCheck: number } {
    const written = writtenBytes() - this.writtenBefore;
    this.writer.stop();
    const db = new Database(this.file, { readonly: true });
    const pages = (what: string) => Number(db.pragma(what, { simple: true }));
    // pages that the next hour takes again are no room for these checks
    const kept = (pages("page_count") - pages("freelist_count")) * pages("page_size");
    db.close();
    return { keptBytesPerCheck: kept / checks, writtenBytesPerCheck: written / checks };
  }
}

/** All bytes that this process handed to the kernel for writing; NaN where the system does not tell. */
function writtenBytes(): number {
  try {
    return Number(/^wchar: (\d+)$/m.exec(readFileSync("/proc/self/io", "utf8"))?.[1] ?? NaN);
  } catch {
    return NaN;
  }
}
