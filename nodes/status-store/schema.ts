import type { Database } from "better-sqlite3";

/**
 * The tables of streams.db and the steps that lead to them. A step that was released is never edited: a change is a
 * new step at the end. Times are epoch milliseconds; states, levels and protocols are the numbers of codes.ts.
 */

/**
 * One column a state, so that an uptime is a sum over an index range. Latencies in ms, the histogram as packed counts.
 * The third step takes the time that was not watched out again.
 */
const ROLLUP_COLUMNS = `
    up INTEGER NOT NULL DEFAULT 0, degraded INTEGER NOT NULL DEFAULT 0, down INTEGER NOT NULL DEFAULT 0,
    v22_ok INTEGER NOT NULL DEFAULT 0,
    up_ms INTEGER NOT NULL DEFAULT 0, degraded_ms INTEGER NOT NULL DEFAULT 0, down_ms INTEGER NOT NULL DEFAULT 0,
    pending_ms INTEGER NOT NULL DEFAULT 0, paused_ms INTEGER NOT NULL DEFAULT 0,
    unknown_ms INTEGER NOT NULL DEFAULT 0,
    latency_count INTEGER NOT NULL DEFAULT 0, latency_sum INTEGER NOT NULL DEFAULT 0,
    latency_min INTEGER, latency_max INTEGER, latency_histogram BLOB`;

const CHECK_COLUMNS = `
    stream INTEGER NOT NULL, at INTEGER NOT NULL, state INTEGER NOT NULL, reason INTEGER NOT NULL,
    message INTEGER NOT NULL, latency INTEGER, v22_ok INTEGER NOT NULL`;

const FIRST_STEP = `
  -- A stream that was removed stays, with its name, so that its history is there when it comes back.
  -- media is what its picture consists of, as JSON; url is scheme, host and port; path_hash tells streams of one host apart (url-key.ts).
  CREATE TABLE streams (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, url TEXT NOT NULL, path_hash INTEGER,
    protocol INTEGER NOT NULL, created INTEGER NOT NULL, removed INTEGER, "group" TEXT,
    media TEXT) STRICT;
  CREATE UNIQUE INDEX streams_by_name ON streams (name) WHERE removed IS NULL;
  CREATE INDEX streams_removed ON streams (name, removed) WHERE removed IS NOT NULL;

  CREATE TABLE reasons (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
  INSERT INTO reasons VALUES (0, 'ok'); -- a 0 takes no byte in a row
  CREATE TABLE messages (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;

  -- Written in order of time, since one page of log then holds the checks of many streams; regrouped by stream later.
  -- row is a column of its own, because a VACUUM numbers hidden ones anew.
  CREATE TABLE recent (row INTEGER PRIMARY KEY, ${CHECK_COLUMNS}) STRICT;
  CREATE TABLE checks (${CHECK_COLUMNS}, PRIMARY KEY (stream, at)) STRICT, WITHOUT ROWID;

  -- How far the work in slices has come (maintenance.ts).
  CREATE TABLE progress (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO progress VALUES ('regroup_row', 0), ('regroup_stream', 0), ('flushes', 0);

  -- What was regrouped already stands in both tables until all of it is deleted from the first.
  CREATE VIEW ungrouped AS
    SELECT row, stream, at, state, reason, message, latency, v22_ok FROM recent
    WHERE row > (SELECT value FROM progress WHERE key = 'regroup_row')
      OR stream > (SELECT value FROM progress WHERE key = 'regroup_stream');
  CREATE VIEW all_checks AS
    SELECT stream, at, state, reason, message, latency, v22_ok FROM checks
    UNION ALL
    SELECT stream, at, state, reason, message, latency, v22_ok FROM ungrouped;

  -- hour and day count from the epoch, in UTC.
  CREATE TABLE rollups (
    stream INTEGER NOT NULL, hour INTEGER NOT NULL, ${ROLLUP_COLUMNS},
    PRIMARY KEY (stream, hour)) STRICT, WITHOUT ROWID;
  CREATE TABLE daily_rollups (
    stream INTEGER NOT NULL, day INTEGER NOT NULL, ${ROLLUP_COLUMNS},
    PRIMARY KEY (stream, day)) STRICT, WITHOUT ROWID;
  -- The rollups hold each stream's checks up to this row of recent, and its time up to this moment.
  CREATE TABLE rolled (
    stream INTEGER PRIMARY KEY, row INTEGER NOT NULL, until INTEGER NOT NULL) STRICT;

  CREATE TABLE transitions (
    seq INTEGER PRIMARY KEY, stream INTEGER NOT NULL, at INTEGER NOT NULL, from_state INTEGER NOT NULL,
    to_state INTEGER NOT NULL, reason INTEGER, message INTEGER, previous_ms INTEGER NOT NULL, level INTEGER) STRICT;
  CREATE INDEX transitions_by_stream ON transitions (stream, at);

  -- One unbroken time of trouble; state, reason and message are those of its worst part.
  CREATE TABLE incidents (
    id INTEGER PRIMARY KEY, stream INTEGER NOT NULL, start INTEGER NOT NULL, "end" INTEGER,
    state INTEGER NOT NULL, reason INTEGER, message INTEGER) STRICT;
  CREATE UNIQUE INDEX incidents_open ON incidents (stream) WHERE "end" IS NULL;
  CREATE INDEX incidents_by_stream ON incidents (stream, start);
  CREATE INDEX incidents_by_time ON incidents (start);

  -- Which state a stream was in, without gaps while it is watched. A state that goes on after the monitor was off is a
  -- new span that was announced before it starts: since.
  CREATE TABLE spans (
    stream INTEGER NOT NULL, start INTEGER NOT NULL, "end" INTEGER, state INTEGER NOT NULL, reason INTEGER,
    level INTEGER, since INTEGER NOT NULL, PRIMARY KEY (stream, start)) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX spans_open ON spans (stream) WHERE "end" IS NULL;

  -- The import of a v2.2 database, by table of it; track is where its states stand (v22-track.ts).
  CREATE TABLE imports (
    file TEXT NOT NULL, source TEXT NOT NULL, last_id INTEGER NOT NULL DEFAULT 0, rows INTEGER NOT NULL DEFAULT 0,
    lost INTEGER NOT NULL DEFAULT 0, done INTEGER NOT NULL DEFAULT 0, track TEXT,
    PRIMARY KEY (file, source)) STRICT, WITHOUT ROWID;
`;

const SECOND_STEP = `
  -- Up to which transition all have arrived where somebody takes them: MQTT goes on there after a restart.
  CREATE TABLE consumers (name TEXT PRIMARY KEY, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;

  -- Streams whose history is being deleted: checks up to a row of recent, all else until a moment (forget.ts).
  CREATE TABLE forgotten (stream INTEGER PRIMARY KEY, row INTEGER NOT NULL, until INTEGER NOT NULL) STRICT;
`;

const UNWATCHED_COLUMNS = ["pending_ms", "paused_ms", "unknown_ms"];

const THIRD_STEP = `
  -- Time in which a stream was not watched stands in its spans alone: a rollup an hour of it could be millions.
  ${["rollups", "daily_rollups"]
    .flatMap((table) => UNWATCHED_COLUMNS.map((column) => `ALTER TABLE ${table} DROP COLUMN ${column};`))
    .join("\n  ")}
  CREATE INDEX spans_unwatched ON spans ("end", stream, start, state) WHERE state >= 3 AND "end" IS NOT NULL;

  -- Incidents that touch a range and began before it.
  CREATE INDEX incidents_by_end ON incidents ("end") WHERE "end" IS NOT NULL;

  -- Names that were forgotten while the import of a v2.2 database, which may know them, was not done.
  CREATE TABLE forgotten_names (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
`;

export const MIGRATIONS: readonly string[] = [FIRST_STEP, SECOND_STEP, THIRD_STEP];
export const SCHEMA_VERSION = MIGRATIONS.length;

export class NewerSchemaError extends Error {
  constructor(
    readonly found: number,
    readonly known: number,
  ) {
    super(`schema ${found} is newer than ${known}`);
  }
}

/** The version of a database of ours; 0 when it is empty. */
export function schemaVersion(db: Database): number {
  const hasMeta = db.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'meta'").get();
  if (!hasMeta) return 0;
  return Number(db.prepare("SELECT value FROM meta WHERE key = 'schema_version'").pluck().get() ?? 0);
}

/** @throws NewerSchemaError when a newer program wrote the database */
export function refuseNewer(db: Database, steps: readonly string[] = MIGRATIONS): void {
  const version = schemaVersion(db);
  if (version > steps.length) throw new NewerSchemaError(version, steps.length);
}

/**
 * Takes a database to the newest version, each step in a transaction of its own.
 * @throws NewerSchemaError before anything is changed, when a newer program wrote it
 */
export function migrate(db: Database, steps: readonly string[] = MIGRATIONS): void {
  refuseNewer(db, steps);
  const version = schemaVersion(db);
  steps.slice(version).forEach((step, index) => {
    db.transaction(() => {
      db.exec(
        "CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
      );
      db.exec(step);
      db.prepare("INSERT OR REPLACE INTO meta VALUES ('schema_version', ?)").run(String(version + index + 1));
    }).immediate();
  });
}
