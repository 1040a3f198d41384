import type { Database, Statement } from "better-sqlite3";
import { REASONS, v22Status, type Reason, type State } from "../../contracts";
import { STATE_CODES } from "./codes";
import { readSeeds } from "./seeds";
import { StateHistory } from "./state-history";
import {
  CHECK_FIELDS,
  type FlatChecks,
  type Seed,
  type StoreOperation,
  type StreamsOperation,
} from "./store-messages";
import { StreamRegistry } from "./stream-registry";
import { TextIds } from "./text-ids";

/** Different messages that are kept; a further one is stored as the sentence of its reason. */
const MOST_MESSAGES = 20_000;

/**
 * Writes what happens into an open database. It holds copies of what it wrote: when a transaction is rolled back, a
 * new recorder has to take its place.
 */
export class Recorder {
  private readonly registry: StreamRegistry;
  private readonly reasons: TextIds;
  private readonly messages: TextIds;
  private readonly history: StateHistory;
  private readonly insertCheck: Statement<[number, number, number, number, number, number | null, number]>;

  /** @param strict `strict_status` of config.yaml, until a `streams` operation says it */
  constructor(
    private readonly db: Database,
    private strict = false,
    mostMessages = MOST_MESSAGES,
  ) {
    this.registry = new StreamRegistry(db);
    this.reasons = new TextIds(db, "reasons");
    this.messages = new TextIds(db, "messages", mostMessages);
    this.history = new StateHistory(db, this.reasons, this.messages);
    this.insertCheck = db.prepare("INSERT INTO recent VALUES (?, ?, ?, ?, ?, ?, ?)");
  }

  get lastSeq(): number {
    return this.history.lastSeq;
  }

  /** What is known of all watched streams. */
  allSeeds(): Seed[] {
    return readSeeds(this.db, this.registry.all());
  }

  /**
   * Writes one operation; the caller holds the transaction. Streams that no `streams` operation named are passed over.
   * @returns what is known of streams that were found again
   */
  apply(operation: StoreOperation): Seed[] {
    switch (operation.kind) {
      case "streams":
        return this.syncStreams(operation);
      case "checks":
        this.recordChecks(operation.flat);
        return [];
      case "transition": {
        const stream = this.registry.find(operation.transition.stream);
        if (stream) this.history.recordTransition(stream.id, operation.transition);
        return [];
      }
      case "states":
        for (const state of operation.states) {
          const stream = this.registry.find(state.stream);
          if (stream) this.history.recordState(stream.id, state);
        }
        return [];
    }
  }

  private syncStreams({ streams, renames, strict, at }: StreamsOperation): Seed[] {
    this.strict = strict;
    const { added, returned, renamed, removed } = this.registry.sync(streams, renames, at);
    for (const { id } of removed) this.history.end(id, at);
    for (const { id } of [...added, ...returned]) this.history.begin(id, at);
    return [
      ...readSeeds(this.db, renamed),
      // a state of before its removal says nothing about a stream that came back
      ...readSeeds(this.db, returned).map((seed) => ({ ...seed, confirmed: null })),
    ];
  }

  private recordChecks(flat: FlatChecks): void {
    for (let index = 0; index < flat.length; index += CHECK_FIELDS) {
      const [name, at, state, reason, message, latency] = flat.slice(index, index + CHECK_FIELDS) as [
        string,
        number,
        State,
        Reason,
        string,
        number | null,
      ];
      const stream = this.registry.find(name);
      if (!stream) continue;
      this.insertCheck.run(
        stream.id,
        at,
        STATE_CODES[state],
        this.reasons.idOf(reason),
        this.messages.idOf(message, REASONS[reason].text),
        latency === null ? null : Math.round(latency),
        v22Status(reason, stream.protocol, this.strict) === "ok" ? 1 : 0,
      );
    }
  }
}
