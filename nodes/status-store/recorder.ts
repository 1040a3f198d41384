import type { Database, Statement } from "better-sqlite3";
import { REASONS, v22Status, type Reason, type State } from "../../contracts/reasons";
import { STATE_CODES } from "./codes";
import { ForgetList } from "./forget";
import { OpenRollups } from "./open-rollups";
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

/** Of a message that somebody made up: the file holds whole numbers only. */
const MOST_LATENCY_MS = 1e9;

/** Whoever makes up a new name for each message fills no disk. */
const MOST_CONSUMERS = 1000;

/** A row of `recent` never gets the number of one that was deleted: what counts up to the older one would pass it over. */
const LAST_ROW = `
  SELECT max(coalesce((SELECT max(row) FROM recent), 0), coalesce((SELECT max(row) FROM rolled), 0),
    (SELECT value FROM progress WHERE key = 'regroup_row'))`;

/**
 * Writes what happens into an open database. It holds copies of what it wrote: when a transaction is rolled back, a
 * new recorder has to take its place.
 */
export class Recorder {
  readonly rollups: OpenRollups;
  private readonly registry: StreamRegistry;
  private readonly reasons: TextIds;
  private readonly messages: TextIds;
  private readonly history: StateHistory;
  private readonly forgetList: ForgetList;
  private readonly insertCheck: Statement<(number | null)[]>;
  private lastRow: number;
  private changeCount = 0;
  private readonly setGroup: Statement<[{ id: number; group: string | null }]>;
  private readonly setDelivered: Statement<[{ consumer: string; seq: number }]>;
  private readonly setMedia: Statement<[{ id: number; media: string }]>;

  /** @param strict `strict_status` of config.yaml, until a `streams` operation says it */
  constructor(
    private readonly db: Database,
    private strict = false,
    mostMessages = MOST_MESSAGES,
  ) {
    this.registry = new StreamRegistry(db);
    this.reasons = new TextIds(db, "reasons");
    this.messages = new TextIds(db, "messages", mostMessages);
    this.rollups = new OpenRollups(db);
    this.history = new StateHistory(db, this.reasons, this.messages, this.rollups);
    this.forgetList = new ForgetList(db);
    this.insertCheck = db.prepare("INSERT INTO recent VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    this.lastRow = db.prepare(LAST_ROW).pluck().get() as number;
    this.setMedia = db.prepare("UPDATE streams SET media = @media WHERE id = @id");
    this.setDelivered = db.prepare(
      `INSERT INTO consumers SELECT @consumer, @seq
       WHERE (SELECT count(*) FROM consumers) < ${MOST_CONSUMERS} OR @consumer IN (SELECT name FROM consumers)
       ON CONFLICT (name) DO UPDATE SET seq = max(seq, excluded.seq)`,
    );
    this.setGroup = db.prepare(
      `UPDATE streams SET "group" = @group WHERE id = @id AND "group" IS NOT @group`,
    );
  }

  get lastSeq(): number {
    return this.history.lastSeq;
  }

  /** Nobody watched between these times: when this program was not running. The caller holds the transaction. */
  interrupt(from: number, to: number): void {
    this.history.interrupt(from, to);
  }

  /** This program slept between these times; the states go on after them. The caller holds the transaction. */
  bridge(from: number, to: number): void {
    this.history.bridge(from, to);
  }

  /** What is known of all watched streams. */
  allSeeds(): Seed[] {
    return readSeeds(this.db, this.registry.all());
  }

  /**
   * Writes one operation; the caller holds the transaction. Streams that no `streams` operation named are passed over.
   * @param latest what is said to be later counts as then, epoch milliseconds: nothing can have happened yet
   * @returns what is known of streams that were found again
   */
  apply(operation: StoreOperation, latest = Number.MAX_SAFE_INTEGER): Seed[] {
    switch (operation.kind) {
      case "streams":
        return this.syncStreams(operation);
      case "checks":
        this.recordChecks(operation.flat, latest);
        return [];
      case "transition": {
        const { stream: name, at } = operation.transition;
        const stream = this.registry.findWatched(name);
        const transition = { ...operation.transition, at: Math.min(at, latest) };
        if (stream) this.history.recordTransition(stream.id, transition);
        return [];
      }
      case "states":
        for (const state of operation.states) {
          const stream = this.registry.findWatched(state.stream);
          const since = Math.min(state.since, latest);
          if (stream) this.history.recordState(stream.id, { ...state, since });
        }
        return [];
      case "media":
        for (const { stream: name, media } of operation.media) {
          const stream = this.registry.find(name);
          if (stream) this.setMedia.run({ id: stream.id, media: JSON.stringify(media) });
        }
        return [];
      case "delivered":
        this.setDelivered.run({ consumer: operation.consumer, seq: operation.seq });
        return [];
      case "forget":
        for (const name of operation.names) this.forget(name, operation.at);
        return [];
    }
  }

  /** The lasting ids of all streams that are watched. */
  ids(): [name: string, id: number][] {
    return [...this.registry.all()].map(({ name, id }) => [name, id]);
  }

  /** All streams that are watched, with their whole URLs where a list of streams has come: the file holds none. */
  watched(): { name: string; url: string }[] {
    return this.registry.named();
  }

  /** Grows whenever other streams are watched or some were forgotten. */
  get changes(): number {
    return this.changeCount;
  }

  /** True while a stream's history is to be deleted. */
  isForgotten(stream: number): boolean {
    return this.forgetList.has(stream);
  }

  /** True where a stream of this name was forgotten before all imports were done. */
  isNameForgotten(name: string): boolean {
    return this.forgetList.hasName(name);
  }

  /** The ids of streams of an older history: watched ones, removed ones, or new ones that count as removed. */
  adoptStreams(streams: readonly { name: string; url: string }[], at: number): number[] {
    return streams.map(({ name, url }) => this.registry.adopt(name, url, at));
  }

  reasonId(reason: Reason): number {
    return this.reasons.idOf(reason);
  }

  messageId(message: string, reason: Reason): number {
    return this.messages.idOf(message, REASONS[reason].text);
  }

  /** A stream that is watched again goes on, without what was before. */
  private forget(name: string, at: number): void {
    this.changeCount++;
    this.forgetList.addName(name);
    const { removed, watched } = this.registry.forget(name);
    for (const id of removed) {
      this.rollups.drop(id);
      this.forgetList.addWhole(id);
    }
    if (!watched) return;
    const until = this.history.forgetBefore(watched.id, at);
    this.rollups.forget(watched.id, this.lastRow, until);
    this.forgetList.add({ stream: watched.id, row: this.lastRow, until });
  }

  private syncStreams({ streams, renames, strict, at }: StreamsOperation): Seed[] {
    this.strict = strict;
    this.changeCount++;
    const { added, returned, renamed, removed } = this.registry.sync(streams, renames, at);
    for (const { id } of removed) this.history.end(id, at);
    for (const { id } of [...added, ...returned]) this.history.begin(id, at);
    // readers have added up what stands in the tables of those streams alone that were watched
    if (returned.length > 0) this.rollups.changed();
    for (const { name, group } of streams) {
      const stream = this.registry.find(name);
      if (stream) this.setGroup.run({ id: stream.id, group: group ?? null });
    }
    return [
      ...readSeeds(this.db, renamed),
      // a state of before its removal says nothing about a stream that came back
      ...readSeeds(this.db, returned).map((seed) => ({ ...seed, confirmed: null })),
    ];
  }

  private recordChecks(flat: FlatChecks, latest: number): void {
    for (let index = 0; index < flat.length; index += CHECK_FIELDS) {
      const [name, begun, state, reason, message, latency] = flat.slice(index, index + CHECK_FIELDS) as [
        string,
        number,
        State,
        Reason,
        string,
        number | null,
      ];
      const stream = this.registry.find(name);
      if (!stream) continue;
      const code = STATE_CODES[state];
      const at = Math.min(begun, latest);
      const rounded = latency === null ? null : Math.min(Math.round(latency), MOST_LATENCY_MS);
      const ok = v22Status(reason, stream.protocol, this.strict) === "ok" ? 1 : 0;
      const messageId = this.messages.idOf(message, REASONS[reason].text);
      this.insertCheck.run(
        ++this.lastRow,
        stream.id,
        at,
        code,
        this.reasons.idOf(reason),
        messageId,
        rounded,
        ok,
      );
      this.rollups.addCheck(stream.id, this.lastRow, at, code, ok, rounded);
    }
  }
}
