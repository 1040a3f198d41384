import { ZonedTime } from "../../common/zoned-time";
import type { Answering } from "./answer-history";
import { stateOfCode } from "./codes";
import type { IncidentsQuestion } from "./history";
import type { HistoryData } from "./history-data";

interface IncidentRow {
  id: number;
  stream: string;
  start: number;
  end: number | null;
  state: number;
  reason: string | null;
  message: string | null;
}

/** Incidents that touch the range, newest first. */
export function* answerIncidents(data: HistoryData, question: IncidentsQuestion): Answering {
  const { stream, from, to, limit, open, before, timezone } = question;
  const zone = new ZonedTime(timezone);
  const conditions = ["start < @to", `("end" IS NULL OR "end" > @from)`];
  if (stream !== null) conditions.push("stream = @stream");
  if (open) conditions.push(`"end" IS NULL`);
  if (before) conditions.push("(start, incidents.id) < (@beforeStart, @beforeId)");
  const rows = data.db
    .prepare(
      `SELECT incidents.id, streams.name AS stream, start, "end", state, reasons.text AS reason, messages.text AS message
       FROM incidents JOIN streams ON streams.id = stream
       LEFT JOIN reasons ON reasons.id = reason LEFT JOIN messages ON messages.id = message
       WHERE ${conditions.join(" AND ")} ORDER BY start DESC, incidents.id DESC LIMIT @most`,
    )
    .all({
      ...{ from, to, most: limit + 1, beforeStart: before?.start, beforeId: before?.id },
      stream: stream === null ? null : data.streamId(stream),
    }) as IncidentRow[];
  yield;
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    from,
    to,
    timezone,
    incidents: shown.map((row) => ({
      ...row,
      state: stateOfCode(row.state),
      startTime: zone.format(row.start),
      endTime: row.end === null ? null : zone.format(row.end),
      durationMs: row.end === null ? null : row.end - row.start,
    })),
    // the same question with this `before` gives the next page
    next: rows.length > limit && last ? { before: `${last.start}-${last.id}` } : null,
  };
}
