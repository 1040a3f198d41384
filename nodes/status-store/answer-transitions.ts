import type { Transition } from "../../contracts";
import type { Answering } from "./answer-history";
import { levelOfCode, stateOfCode } from "./codes";
import type { TransitionsQuestion } from "./history";
import type { HistoryData } from "./history-data";

interface TransitionRow {
  seq: number;
  stream: string;
  at: number;
  from: number;
  to: number;
  reason: Transition["reason"];
  message: string | null;
  previousDurationMs: number;
  level: number | null;
}

/** Transitions in the order of their numbers, after one that the asker names or has said to be delivered. */
export function* answerTransitions(data: HistoryData, question: TransitionsQuestion): Answering {
  const { after, consumer, received, limit } = question;
  const stored = data.db.prepare("SELECT coalesce(max(seq), 0) FROM transitions").pluck().get() as number;
  // who asks for the first time has missed nothing
  const delivered = consumer === null ? null : (deliveredTo(data, question) ?? stored);
  const rows = data.db
    .prepare(
      `SELECT seq, streams.name AS stream, at, from_state AS "from", to_state AS "to", reasons.text AS reason,
         messages.text AS message, previous_ms AS previousDurationMs, level
       FROM transitions CROSS JOIN streams ON streams.id = stream
       LEFT JOIN reasons ON reasons.id = reason LEFT JOIN messages ON messages.id = message
       WHERE seq > ? ORDER BY seq LIMIT ?`,
    )
    .all(after ?? delivered ?? 0, limit) as TransitionRow[];
  yield;
  return { transitions: rows.map(toTransition), delivered, lastSeq: Math.max(stored, received) };
}

/** What the consumer has said, stored or on its way to the database. */
function deliveredTo(data: HistoryData, { consumer, said }: TransitionsQuestion): number | undefined {
  const stored = data.db.prepare("SELECT seq FROM consumers WHERE name = ?").pluck().get(consumer) as
    number | undefined;
  return said === null ? stored : Math.max(said, stored ?? 0);
}

function toTransition({ message, ...row }: TransitionRow): Transition {
  return {
    ...row,
    from: stateOfCode(row.from),
    to: stateOfCode(row.to),
    level: levelOfCode(row.level),
    ...(message === null ? {} : { message }),
  };
}
