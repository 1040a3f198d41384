import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import path from "node:path";
import { describe, it, type TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { NodeAPI } from "node-red";
import { HEALTH_EVENT, type HealthReport, type HealthWithdrawal } from "../../contracts";
import statusDatabase from "../../nodes/status-store/status-database";
import statusQuery from "../../nodes/status-store/status-query";
import statusStore from "../../nodes/status-store/status-store";
import { check, rows, stateOf, temporaryFolder } from "./support";

type Message = Record<string, unknown>;

/** As much of a Node-RED node as these nodes use. */
class FakeNode extends EventEmitter {
  id = "";
  readonly sent: Message[] = [];
  readonly logged: string[] = [];
  shown: { fill?: string; text?: string } = {};
  status = (status: object) => void (this.shown = status);
  send = (message: Message) => void this.sent.push(message);
  log = (text: string) => void this.logged.push(text);
  warn = this.log;
  error = this.log;
  debug = this.log;

  /** @returns the answer, and the error given to done() */
  input(message: Message): { answer?: Message; error?: Error } {
    const result: { answer?: Message; error?: Error } = {};
    this.emit(
      "input",
      message,
      (answer: Message) => void (result.answer = answer),
      (error?: Error) => void (result.error = error),
    );
    return result;
  }

  close(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.emit("close", (error?: Error) => (error ? reject(error) : resolve()));
    });
  }
}

type Constructor = (this: FakeNode, definition: object) => void;

class FakeRed {
  readonly events = new EventEmitter();
  readonly health: (HealthReport | HealthWithdrawal)[] = [];
  private readonly types = new Map<string, Constructor>();
  private readonly made = new Map<string, FakeNode>();
  readonly nodes = {
    createNode: (node: FakeNode, definition: { id: string }) => {
      node.id = definition.id;
      this.made.set(definition.id, node);
    },
    getNode: (id: string) => this.made.get(id) ?? null,
    registerType: (type: string, constructor: Constructor) => void this.types.set(type, constructor),
  };

  constructor(readonly settings: Record<string, unknown>) {
    this.events.on(HEALTH_EVENT, (report: HealthReport | HealthWithdrawal) => this.health.push(report));
    for (const register of [statusDatabase, statusStore, statusQuery]) register(this as unknown as NodeAPI);
  }

  make(type: string, definition: object): FakeNode {
    const node = new FakeNode();
    this.types.get(type)?.call(node, definition);
    return node;
  }

  get report(): HealthReport {
    return this.health.findLast((report) => "part" in report)!;
  }
}

function flow(context: TestContext) {
  const folder = temporaryFolder(context);
  const red = new FakeRed({ userDir: folder });
  const database = red.make("status-database", { id: "db" });
  const store = red.make("status-store", { id: "store", database: "db" });
  const query = (question: string) =>
    red.make("status-query", { id: "query", database: "db", query: question });
  context.after(() => Promise.all([store.close(), database.close()]));
  return { folder, red, database, store, query };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(10);
}

const STREAMS = { topic: "streams", payload: [{ name: "Küche/1", url: "rtsp://u:s3cret@192.0.2.1/" }] };
const errorOf = (answer: Message | undefined) =>
  (JSON.parse(String(answer?.payload)) as { error: { code: string; message: string } }).error;

describe("status-store, the node", () => {
  it("sends what was confirmed once the flow has started and the database was read", async (context) => {
    const { red, store } = flow(context);
    await until(() => red.report.details.schemaVersion === 1);
    assert.deepEqual(store.sent, []);
    red.events.emit("flows:started");
    await until(() => store.sent.length > 0);
    assert.deepEqual(store.sent, [{ topic: "confirmed", payload: [], lastSeq: 0 }]);
    red.events.emit("flows:started");
    store.input(STREAMS);
    store.input({ topic: "states", payload: [stateOf("Küche/1")] });
    // a node that is deployed alone asks the database that went on
    const again = red.make("status-store", { id: "again", database: "db" });
    red.events.emit("flows:started");
    assert.deepEqual(again.sent, [{ topic: "confirmed", payload: [stateOf("Küche/1")], lastSeq: 0 }]);
    assert.equal(store.sent.length, 1);
    await again.close();
  });

  it("stores, shows how many, and gives an error for a message that is wrong", async (context) => {
    const { folder, red, database, store } = flow(context);
    assert.deepEqual(store.shown, { fill: "grey", shape: "ring", text: "waiting for checks" });
    assert.equal(store.input(STREAMS).error, undefined);
    const { error } = store.input({ topic: "checks", payload: [check("Küche/1"), { stream: "" }] });
    assert.match(error?.message ?? "", /^A message "checks" is wrong: payload\.1\./);
    await until(() => store.shown.text === "1 check stored");
    assert.equal(store.shown.fill, "green");
    await until(() => red.report.details.checksStored === 1);
    assert.deepEqual(
      { ...red.report, details: Object.keys(red.report.details) },
      {
        ...{ source: "db", part: "store", running: true, problems: [] },
        details: [
          ...["checksStored", "queued", "dropped", "unnamed", "lastCommitAgoMs"],
          ...["databaseBytes", "schemaVersion", "maintenance"],
        ],
      },
    );
    store.input({ topic: "checks", payload: [check("Küche/1")] });
    await database.close();
    assert.deepEqual(red.health.at(-1), { source: "db", withdrawn: true });
    const file = path.join(folder, "streampulse", "streams.db");
    assert.deepEqual(rows(file, "SELECT count(*) AS count FROM recent"), [{ count: 2 }]);
    assert.equal(store.input({ topic: "checks", payload: [check("Küche/1")] }).error, undefined);
  });

  it("says that no database is chosen, and does not throw", () => {
    const red = new FakeRed({ userDir: "." });
    const store = red.make("status-store", { id: "store" });
    assert.deepEqual(store.shown, { fill: "red", shape: "ring", text: "no database chosen" });
    assert.match(store.input(STREAMS).error?.message ?? "", /choose a database/);
    const query = red.make("status-query", { id: "query", database: "gone", query: "status" });
    assert.deepEqual(query.shown, { fill: "red", shape: "ring", text: "no database chosen" });
    const { answer } = query.input({ req: {} });
    assert.equal(answer?.statusCode, 503);
    assert.equal(errorOf(answer).code, "no_database");
  });

  it("takes the file of the form, of the product, of DB_PATH, in this order", async (context) => {
    const folder = temporaryFolder(context);
    const file = async (definition: object, settings: object) => {
      const red = new FakeRed({ userDir: folder, ...settings });
      const database = red.make("status-database", { id: "db", ...definition });
      await until(() => database.listenerCount("close") > 0);
      await new Promise<void>((resolve) =>
        (database as unknown as { store: { whenRead(listener: () => void): void } }).store.whenRead(resolve),
      );
      await until(() => red.report.details.schemaVersion === 1);
      await database.close();
    };
    const product = { streampulse: { databaseFile: path.join(folder, "product.db") } };
    context.after(() => delete process.env.DB_PATH);
    process.env.DB_PATH = path.join(folder, "environment.db");
    await file({ file: "form.db" }, product);
    await file({ file: " " }, product);
    await file({}, {});
    for (const name of ["form.db", "product.db", "environment.db"]) {
      assert.deepEqual(rows(path.join(folder, name), "SELECT * FROM streams"), [], name);
    }
  });
});

describe("status-query", () => {
  it("answers and keeps everything else of the message", (context) => {
    const { store, query } = flow(context);
    store.input(STREAMS);
    const res = { _res: {} };
    const { answer } = query("status").input({ req: { params: {}, headers: {} }, res, _msgid: "1" });
    const payload =
      '{"K\\u00fcche/1":{"latency":null,"message":"no data yet","reason":null,"since":"","state":"pending","status":"","ts":""}}\n';
    const { etag, ...headers } = answer?.headers as Record<string, string>;
    assert.match(etag ?? "", /^"[^"]+"$/);
    assert.deepEqual(headers, {
      ...{ "content-type": "application/json", "cache-control": "no-cache" },
      "x-content-type-options": "nosniff",
    });
    assert.equal(String(answer?.payload), payload);
    assert.equal(answer?.statusCode, 200);
    assert.equal(answer?.res, res);
    assert.equal(answer?._msgid, "1");
  });

  it("answers 304 to those who have the same bytes", (context) => {
    const { store, query } = flow(context);
    store.input(STREAMS);
    const ask = (tag?: string) =>
      query("streams").input({ req: { headers: { "if-none-match": tag } } }).answer;
    const { etag = "" } = ask()?.headers as Record<string, string>;
    for (const tag of [etag, `"other", W/${etag}`, "*"]) {
      assert.equal(ask(tag)?.statusCode, 304);
      assert.equal(ask(tag)?.payload, "");
    }
    store.input({ topic: "checks", payload: [check("Küche/1")] });
    assert.equal(ask(etag)?.statusCode, 200);
  });

  it("finds a stream by the path, the message or the payload, and says when there is none", (context) => {
    const { store, query } = flow(context);
    store.input(STREAMS);
    const ask = (message: Message) => query("stream").input(message).answer;
    for (const message of [
      { req: { params: { name: "Küche/1" } } },
      { stream: "Küche/1" },
      { payload: "Küche/1" },
    ]) {
      const answer = ask(message);
      assert.equal(answer?.statusCode, 200);
      assert.equal((JSON.parse(String(answer?.payload)) as { name: string }).name, "Küche/1");
    }
    const unknown = ask({ req: { params: { name: "__proto__" } } });
    assert.equal(unknown?.statusCode, 404);
    assert.deepEqual(errorOf(unknown), {
      code: "stream_not_found",
      message: 'No stream is named "__proto__".',
    });
    assert.equal(ask({ payload: {} })?.statusCode, 400);
    assert.equal(errorOf(ask({})).code, "stream_missing");
  });

  it("takes the query from the message when it is set to, and refuses unknown ones", (context) => {
    const { store, query } = flow(context);
    store.input(STREAMS);
    assert.equal(query("msg").input({ query: "streams" }).answer?.statusCode, 200);
    const { answer } = query("msg").input({ query: "drop table" });
    assert.equal(answer?.statusCode, 400);
    assert.deepEqual(errorOf(answer), {
      code: "unknown_query",
      message:
        'There is no query "drop table": ask for status, streams, stream, history, incidents, uptime, metrics, export.csv, export.ndjson, backup.',
    });
    assert.equal(query("msg").input({}).answer?.statusCode, 400);
  });
});
