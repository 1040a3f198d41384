import BetterSqlite from "better-sqlite3";
import type { Check, Settings, Stream, StreamState, Transition } from "../../contracts";
import { settingsSchema, streamSchema } from "../../contracts";
import { openDatabase, type OpenedDatabase } from "../../nodes/status-store/database-file";
import type { FromStoreWorker, SeedsMessage, StoreStats } from "../../nodes/status-store/store-messages";
import { StoreWriter } from "../../nodes/status-store/store-writer";
import { FakeClock } from "../support/fake-clock";
import { RecordingLogger } from "../support/recording-logger";

export const NOW = Date.parse("2026-11-22T06:42:13.359Z");

export function stream(name: string, url = `rtsp://192.0.2.1/${name.length}`, more: object = {}): Stream {
  return streamSchema.parse({ name, url, ...more });
}

export function settings(more: object = {}): Settings {
  return settingsSchema.parse(more);
}

export function check(name: string, more: Partial<Check> = {}): Check {
  return {
    ...{ stream: name, at: NOW, state: "up", reason: "ok", message: "RTSP 200", latencyMs: 12.4 },
    ...{ timings: { connectMs: 1, answerMs: 11.4 }, level: "handshake" },
    ...more,
  };
}

export function stateOf(name: string, more: Partial<StreamState> = {}): StreamState {
  return { stream: name, state: "up", reason: "ok", since: NOW, level: "handshake", ...more };
}

export function transition(name: string, more: Partial<Transition> = {}): Transition {
  return {
    ...{ stream: name, from: "up", to: "down", reason: "timeout", message: "timeout", at: NOW },
    ...{ previousDurationMs: 60_000, level: "handshake", seq: 1 },
    ...more,
  };
}

export function flat(...checks: Check[]): (string | number | null)[] {
  return checks.flatMap((one) => [
    ...[one.stream, one.at, one.state, one.reason, one.message],
    one.latencyMs,
  ]);
}

/** All rows of a query, read through a connection of its own. */
export function rows(file: string, sql: string): unknown[] {
  const db = new BetterSqlite(file, { readonly: true });
  try {
    return db.prepare(sql).all();
  } finally {
    db.close();
  }
}

/** A writer in this thread, with everything that it says. */
export class WriterHarness {
  readonly clock = new FakeClock(NOW);
  readonly logger = new RecordingLogger();
  readonly sent: FromStoreWorker[] = [];
  readonly writer: StoreWriter;
  /** Stands for a fault at the next openings. */
  openFault?: Error;
  opened?: OpenedDatabase;

  constructor(
    readonly file: string,
    mostQueued?: number,
  ) {
    this.writer = new StoreWriter({
      file,
      clock: this.clock,
      logger: this.logger,
      send: (message) => void this.sent.push(structuredClone(message)),
      mostQueued,
      open: (name, now) => {
        if (this.openFault) throw this.openFault;
        return (this.opened = openDatabase(name, now));
      },
    });
  }

  watch(...streams: { name: string; url: string }[]): void {
    const at = this.clock.now();
    this.writer.receive({ kind: "streams", streams, renames: [], strict: false, at });
    this.clock.pass(10);
  }

  get stats(): StoreStats {
    return this.sent.filter((message) => message.kind === "stats").at(-1)!;
  }

  get seeds(): SeedsMessage[] {
    return this.sent.filter((message) => message.kind === "seeds");
  }
}
