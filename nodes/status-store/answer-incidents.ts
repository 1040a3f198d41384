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

// incidents are kept for ever: each of these finds its own by an index
const OPEN_ONES = `SELECT id FROM incidents INDEXED BY incidents_open WHERE "end" IS NULL`;
const STILL_OPEN = `start < @to AND incidents.id IN (${OPEN_ONES})`;
const BEGAN_WITHIN = "start >= @from AND start < @to";
const BEGAN_EARLIER_OF_STREAM = `start < @from AND ("end" IS NULL OR "end" > @from)`;
const BEGAN_EARLIER = `start < @from AND incidents.id IN (
    SELECT id FROM incidents INDEXED BY incidents_by_end WHERE "end" > @from
    UNION ALL ${OPEN_ONES})`;

const incidentsWhere = (conditions: string) => `
  SELECT incidents.id, streams.name AS stream, start, "end", state, reasons.text AS reason, messages.text AS message
  FROM incidents CROSS JOIN streams ON streams.id = stream
  LEFT JOIN reasons ON reasons.id = reason LEFT JOIN messages ON messages.id = message
  WHERE ${conditions} ORDER BY start DESC, incidents.id DESC LIMIT @most`;

/** Incidents that touch the range, newest first. */
export function* answerIncidents(data: HistoryData, question: IncidentsQuestion): Answering {
  const { stream, from, to, limit, open, before, timezone } = question;
  const zone = new ZonedTime(timezone);
  const more: string[] = [];
  if (stream !== null) more.push("stream = @stream");
  if (before) more.push("(start, incidents.id) < (@beforeStart, @beforeId)");
  const parameters = {
    ...{ from, to, beforeStart: before?.start, beforeId: before?.id },
    stream: stream === null ? null : data.streamId(stream),
  };
  const rows: IncidentRow[] = [];
  const earlier = stream === null ? BEGAN_EARLIER : BEGAN_EARLIER_OF_STREAM;
  const parts = open ? [STILL_OPEN] : from > 0 ? [BEGAN_WITHIN, earlier] : [BEGAN_WITHIN];
  for (const part of parts) {
    const most = limit + 1 - rows.length;
    if (most <= 0) break;
    const conditions = [part, ...more].join(" AND ");
    rows.push(...(data.db.prepare(incidentsWhere(conditions)).all({ ...parameters, most }) as IncidentRow[]));
    yield;
  }
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
