import type { Database } from "better-sqlite3";
import type { Slices } from "./slices";

const ROWS_A_SLICE = 2000;

/**
 * Deletes rows of one stream after the other, a few at a time.
 * @param condition which of a stream's rows; its parameters stand in `streams`
 */
export function* deleteOfStreams(
  db: Database,
  table: string,
  condition: string,
  streams: readonly { stream: number }[],
): Slices {
  const remove = db.prepare(
    `DELETE FROM ${table} WHERE stream = @stream AND ${condition} LIMIT ${ROWS_A_SLICE}`,
  );
  let deleted = 0;
  for (const stream of streams) {
    for (;;) {
      const { changes } = remove.run(stream);
      deleted += changes + 1;
      if (deleted >= ROWS_A_SLICE / 2) {
        deleted = 0;
        yield;
      }
      if (changes < ROWS_A_SLICE) break;
    }
  }
  yield;
}
