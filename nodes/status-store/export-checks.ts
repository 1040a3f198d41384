import type { Database } from "better-sqlite3";
import { ZonedTime } from "../../common/zoned-time";
import { stateOfCode } from "./codes";
import type { ExportQuestion } from "./history";
import { HistoryData } from "./history-data";

/** at, stream, state, reason, message, latency, v22_ok, row or 0 */
type Row = [number, number, number, string, string, number | null, number, number];

const ROWS_A_SLICE = 1000;
/** Larger strings live long in V8: they are collected late. */
const CHARACTERS_A_PIECE = 64 * 1024;
const CSV_HEAD = "stream,ts,status,latency_ms,message\r\n";

/**
 * All checks as text, piece by piece: by stream in order of time, and after them those of the last hours, of all
 * streams in the order in which they were made, as they stand in the database until they are regrouped.
 * The caller holds a read transaction where others may move rows meanwhile.
 */
export function* exportChecks(
  db: Database,
  question: ExportQuestion,
): Generator<Uint8Array<ArrayBuffer>, void, void> {
  const data = new HistoryData(db);
  const only = question.stream === null ? null : data.streamId(question.stream);
  const streams = db.prepare("SELECT id, name FROM streams ORDER BY id").raw().all() as [number, string][];
  const names = new Map(streams);
  const zone = new ZonedTime(question.timezone);
  const render = question.format === "csv" ? csvLine : jsonLine;
  // the first piece says that the question was right
  yield encoder.encode(question.format === "csv" ? CSV_HEAD : "");
  let text = "";
  for (const rows of readRows(db, question, only === null ? [...names.keys()] : [only], only)) {
    for (const row of rows) {
      const name = names.get(row[1]);
      // what is being forgotten has no name any more
      if (name === undefined) continue;
      text += render(row, name, zone);
      if (text.length < CHARACTERS_A_PIECE) continue;
      yield encoder.encode(text);
      text = "";
    }
  }
  if (text !== "") yield encoder.encode(text);
}

const encoder = new TextEncoder();

function* readRows(
  db: Database,
  { from, to }: ExportQuestion,
  streams: readonly number[],
  only: number | null,
): Generator<Row[], void, void> {
  const columns = "at, stream, state, reasons.text, messages.text, latency, v22_ok";
  const texts = "CROSS JOIN reasons ON reasons.id = reason CROSS JOIN messages ON messages.id = message";
  const grouped = db
    .prepare(
      `SELECT ${columns}, 0 FROM checks ${texts} WHERE stream = ? AND at >= ? AND at < ? ORDER BY at LIMIT ${ROWS_A_SLICE}`,
    )
    .raw();
  for (const stream of streams) {
    for (let after = from; ;) {
      const rows = grouped.all(stream, after, to) as Row[];
      if (rows.length > 0) yield rows;
      if (rows.length < ROWS_A_SLICE) break;
      after = (rows.at(-1) as Row)[0] + 1;
    }
  }
  const ungrouped = db
    .prepare(
      `SELECT ${columns}, row FROM ungrouped ${texts}
       WHERE row > ? AND at >= ? AND at < ? ${only === null ? "" : `AND stream = ${only}`} ORDER BY row LIMIT ${ROWS_A_SLICE}`,
    )
    .raw();
  for (let after = 0; ;) {
    const rows = ungrouped.all(after, from, to) as Row[];
    if (rows.length > 0) yield rows;
    if (rows.length < ROWS_A_SLICE) return;
    after = (rows.at(-1) as Row)[7];
  }
}

/** RFC 4180. */
function csvLine([at, , , , message, latency, ok]: Row, name: string, zone: ZonedTime): string {
  const status = ok === 1 ? "ok" : "fail";
  return `${csvCell(name)},${zone.format(at)},${status},${latency ?? ""},${csvCell(message)}\r\n`;
}

/**
 * A spreadsheet takes a cell that begins with one of these for a formula, whoever wrote the camera's answer: an
 * apostrophe in front makes it text.
 */
export function csvCell(text: string): string {
  const guarded = /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
}

function jsonLine([at, , state, reason, message, latency, ok]: Row, name: string, zone: ZonedTime): string {
  const line = {
    ...{ stream: name, ts: zone.format(at), at, status: ok === 1 ? "ok" : "fail" },
    ...{ state: stateOfCode(state), reason, latency_ms: latency, message },
  };
  return `${JSON.stringify(line)}\n`;
}
