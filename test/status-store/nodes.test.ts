import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import path from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { HealthReport } from "../../contracts";
import { SCHEMA_VERSION } from "../../nodes/status-store/schema";
import statusDatabase from "../../nodes/status-store/status-database";
import statusQuery from "../../nodes/status-store/status-query";
import statusStore from "../../nodes/status-store/status-store";
import { FakeRed } from "../support/fake-red";
import { temporaryFolder } from "../support/temporary-folder";
import { until } from "../support/until";
import { check, rows, stateOf } from "./support";

type Message = Record<string, unknown>;

function newRed(settings: Record<string, unknown>): FakeRed {
  const red = new FakeRed(settings);
  for (const register of [statusDatabase, statusStore, statusQuery]) register(red.api);
  return red;
}

function flow(test: TestContext) {
  const folder = temporaryFolder(test);
  const red = newRed({ userDir: folder });
  const make = (type: string, definition: Message) => {
    const node = red.create(type, { database: "db", ...definition });
    test.after(() => node.close());
    return node;
  };
  const database = make("status-database", { id: "db" });
  const store = make("status-store", { id: "store" });
  /** What a status-query answers to a message. */
  const ask = async (query: string, message: Message): Promise<Message> => {
    const node = make("status-query", { query });
    await node.receive(message);
    assert.equal(node.sent.length, 1);
    return node.sent[0] as Message;
  };
  return { folder, red, make, database, store, ask };
}

/** A message for the second output comes in a list. */
const isOnFirst = (sent: unknown) => !Array.isArray(sent);
const onSecond = ({ sent }: { sent: unknown[] }) =>
  sent
    .filter((one) => Array.isArray(one))
    .map(([first, second]: unknown[]) => {
      assert.equal(first, null);
      return second as Message;
    });
const reportOf = (red: FakeRed) => red.health.findLast((report) => "part" in report) as HealthReport;
const isRead = (red: FakeRed) => reportOf(red).details.schemaVersion === SCHEMA_VERSION;

const STREAMS = { topic: "streams", payload: [{ name: "Küche/1", url: "rtsp://u:s3cret@192.0.2.1/" }] };
const errorOf = ({ payload }: Message) =>
  (JSON.parse(String(payload)) as { error: { code: string; message: string } }).error;

describe("status-store, the node", () => {
  it("sends what was confirmed after each deploy, once the database was read", async (t) => {
    const { red, make, store } = flow(t);
    await until(() => isRead(red));
    assert.deepEqual(store.sent, []);
    red.startFlows();
    const nothing = { topic: "confirmed", payload: [], lastSeq: 0 };
    await until(() => store.sent.length > 0);
    assert.deepEqual(store.sent, [nothing]);
    // a probe that is deployed alone has forgotten it
    red.startFlows();
    assert.deepEqual(store.sent, [nothing, nothing]);

    await store.receive(STREAMS);
    await store.receive({ topic: "states", payload: [stateOf("Küche/1")] });
    // a node that is deployed alone asks the database that went on
    const again = make("status-store", { id: "again" });
    red.startFlows();
    const known = { topic: "confirmed", payload: [stateOf("Küche/1")], lastSeq: 0 };
    assert.deepEqual(again.sent.filter(isOnFirst), [known]);
    assert.deepEqual(store.sent.filter(isOnFirst), [nothing, nothing, known]);

    await store.close();
    red.startFlows();
    assert.equal(store.sent.filter(isOnFirst).length, 3);
    assert.deepEqual(again.sent.filter(isOnFirst), [known, known]);
  });

  it("sends once what two deploys asked for before the database was read", async (t) => {
    const { red, store } = flow(t);
    red.startFlows();
    red.startFlows();
    assert.deepEqual(store.sent, []);
    await until(() => store.sent.length > 0);
    assert.equal(store.sent.length, 1);
  });

  it("answers a snapshot and sends changes on its second output, with lasting ids", async (t) => {
    const { make, store } = flow(t);
    await store.receive({ topic: "snapshot", _client: "early" });
    const [early] = onSecond(store);
    assert.deepEqual(early, { ...early, topic: "snapshot", payload: [], parts: 1, _client: "early" });
    await store.receive(STREAMS);
    type Streams = { id: number | null; name: string; url: string }[];
    const known = () =>
      onSecond(store)
        .filter(({ topic }) => topic === "changes")
        .at(-1)?.payload as Streams | undefined;
    await until(() => known()?.[0]?.id === 1);
    const second = make("status-store", { id: "second" });
    await second.receive({ topic: "snapshot" });
    const [part] = onSecond(second);
    const [stream] = part!.payload as Streams;
    assert.deepEqual([stream!.id, stream!.name, stream!.url], [1, "Küche/1", "rtsp://192.0.2.1"]);
    const { seq } = onSecond(store).at(-1)!;
    assert.equal(part!.seq, seq);
    await store.receive({ topic: "checks", payload: [check("Küche/1")] });
    await until(() => onSecond(second).length > 1 && onSecond(store).at(-1)!.seq !== seq);
    assert.deepEqual(onSecond(second).at(-1), onSecond(store).at(-1));
    assert.equal(onSecond(second).at(-1)!.seq, (seq as number) + 1);
    await second.close();
    await store.receive({ topic: "restart", payload: "monitor" });
  });

  it("stores, shows how many, and gives an error for a message that is wrong", async (t) => {
    const { folder, red, database, store } = flow(t);
    assert.deepEqual(store.statuses.at(-1), { fill: "grey", shape: "ring", text: "waiting for checks" });
    await store.receive(STREAMS);
    await assert.rejects(
      store.receive({ topic: "checks", payload: [check("Küche/1"), { stream: "" }] }),
      /^Error: A message "checks" is wrong: payload\.1\./,
    );
    await until(() => store.statuses.at(-1)?.text === "1 check stored");
    assert.equal(store.statuses.at(-1)?.fill, "green");
    await until(() => reportOf(red).details.checksStored === 1);
    assert.deepEqual(
      { ...reportOf(red), details: Object.keys(reportOf(red).details) },
      {
        ...{ source: "db", part: "store", running: true, problems: [] },
        details: [
          ...["checksStored", "queued", "dropped", "unnamed", "lastCommitAgoMs"],
          ...["databaseBytes", "schemaVersion", "movedFiles", "maintenance"],
        ],
      },
    );
    await store.receive({ topic: "checks", payload: [check("Küche/1")] });
    await database.close();
    assert.deepEqual(red.health.at(-1), { source: "db", withdrawn: true });
    const file = path.join(folder, "streampulse", "streams.db");
    assert.deepEqual(rows(file, "SELECT count(*) AS count FROM recent"), [{ count: 2 }]);
    await store.receive({ topic: "checks", payload: [check("Küche/1")] });
  });

  it("says that no database is chosen, and does not throw", async () => {
    const red = newRed({ userDir: "." });
    const store = red.create("status-store");
    const noDatabase = { fill: "red", shape: "ring", text: "no database chosen" };
    assert.deepEqual(store.statuses, [noDatabase]);
    await assert.rejects(store.receive(STREAMS), /choose a database/);
    const query = red.create("status-query", { database: "gone", query: "status" });
    assert.deepEqual(query.statuses, [noDatabase]);
    await query.receive({ req: {} });
    const answer = query.sent[0] as Message;
    assert.equal(answer.statusCode, 503);
    assert.equal(errorOf(answer).code, "no_database");
  });

  it("opens no database on a Node.js that cannot, and says so", async (t) => {
    const versions = process.versions.node;
    const pretend = (node: string) => Object.defineProperty(process.versions, "node", { value: node });
    t.after(() => pretend(versions));
    pretend("22.8.1");
    const { folder, red, database, store, ask } = flow(t);
    const fault = "StreamPulse needs Node.js 22.9 or newer; this is 22.8.1: update Node.js.";
    assert.deepEqual(database.logger.lines, [{ level: "error", text: fault }]);
    const tooOld = { fill: "red", shape: "ring", text: "Node.js is too old" };
    for (const node of [database, store]) assert.deepEqual(node.statuses, [tooOld]);
    const { part, running, problems } = reportOf(red);
    assert.deepEqual([part, running, problems], ["store", false, [fault]]);
    await assert.rejects(store.receive(STREAMS), { message: `Nothing can be stored: ${fault}` });
    const answer = await ask("status", { req: {} });
    assert.equal(answer.statusCode, 503);
    assert.deepEqual(errorOf(answer), { code: "node_too_old", message: fault });
    red.startFlows();
    assert.deepEqual(store.sent, []);
    await database.close();
    assert.deepEqual(red.health.at(-1), { source: "db", withdrawn: true });
    assert.deepEqual(readdirSync(folder), []);
  });

  it("takes the file of the form, of the product, of DB_PATH, in this order", async (t) => {
    const folder = temporaryFolder(t);
    const file = async (definition: object, settings: object) => {
      const red = newRed({ userDir: folder, ...settings });
      const database = red.create("status-database", { id: "db", ...definition });
      t.after(() => database.close());
      await until(() => isRead(red));
      await database.close();
    };
    const product = { streampulse: { databaseFile: path.join(folder, "product.db") } };
    const before = process.env.DB_PATH;
    t.after(() => (before === undefined ? delete process.env.DB_PATH : (process.env.DB_PATH = before)));
    process.env.DB_PATH = path.join(folder, "environment.db");
    await file({ file: "form.db" }, product);
    await file({ file: " " }, product);
    await file({}, {});
    for (const name of ["form.db", "product.db", "environment.db"]) {
      assert.deepEqual(rows(path.join(folder, name), "SELECT * FROM streams"), [], name);
    }
  });
});

describe("two status-database nodes", () => {
  const two = (t: TestContext, one: object, other: object) => {
    const red = newRed({ userDir: temporaryFolder(t) });
    const databases = [one, other].map((more, index) =>
      red.create("status-database", { id: `db${index}`, ...more }),
    );
    const stores = [0, 1].map((index) =>
      red.create("status-store", { id: `store${index}`, database: `db${index}` }),
    );
    t.after(async () => {
      for (const node of [...stores, ...databases]) await node.close();
    });
    const sources = () => new Set(red.health.flatMap((report) => ("part" in report ? report.source : [])));
    return { red, databases, stores, sources, folder: String(red.settings.userDir) };
  };

  it("of one file share what is kept in it, as long as one of them is there", async (t) => {
    const { red, databases, stores, sources, folder } = two(t, { file: "a.db" }, { file: "x/../a.db" });
    for (const store of stores) await store.receive(STREAMS);
    const at = Date.now();
    for (const [index, store] of stores.entries()) {
      await store.receive({ topic: "checks", payload: [check("Küche/1", { at: at + index })] });
    }
    await until(() => reportOf(red).details.checksStored === 2);
    assert.deepEqual([...sources()], ["db0"], "one of them speaks for both");
    await stores[0]!.close();
    await databases[0]!.close();
    await stores[1]!.receive({ topic: "checks", payload: [check("Küche/1", { at: at + 2 })] });
    await until(() => reportOf(red).source === "db1" && reportOf(red).details.checksStored === 3);
    await databases[1]!.close();
    assert.equal(rows(path.join(folder, "a.db"), "SELECT * FROM all_checks").length, 3);
  });

  it("of two files, or in memory, have nothing in common", async (t) => {
    for (const [one, other] of [
      [{ file: "a.db" }, { file: "b.db" }],
      [{ kind: "memory" }, { kind: "memory" }],
      [{ file: "a.db" }, { file: "a.db", kind: "memory" }],
    ] as const) {
      const { red, stores, sources } = two(t, one, other);
      await stores[0]!.receive(STREAMS);
      await stores[0]!.receive({ topic: "checks", payload: [check("Küche/1")] });
      const stored = (source: string) =>
        (red.health.findLast((report) => report.source === source) as HealthReport | undefined)?.details
          .checksStored;
      await until(() => stored("db0") === 1);
      assert.deepEqual([sources().size, stored("db1")], [2, 0]);
    }
  });
});

describe("status-query", () => {
  it("answers and keeps everything else of the message", async (t) => {
    const { store, ask } = flow(t);
    await store.receive(STREAMS);
    const res = { _res: {} };
    const answer = await ask("status", { req: { params: {}, headers: {} }, res, _msgid: "1" });
    const payload =
      '{"K\\u00fcche/1":{"latency":null,"message":"no data yet","reason":null,"since":"","state":"pending","status":"","ts":""}}\n';
    const { etag, ...headers } = answer.headers as Record<string, string>;
    assert.match(etag ?? "", /^"[^"]+"$/);
    assert.deepEqual(headers, {
      ...{ "content-type": "application/json", "cache-control": "no-cache" },
      "x-content-type-options": "nosniff",
    });
    assert.equal(String(answer.payload), payload);
    assert.equal(answer.statusCode, 200);
    assert.equal(answer.res, res);
    assert.equal(answer._msgid, "1");
  });

  it("answers 304 to those who have the same bytes", async (t) => {
    const { store, ask } = flow(t);
    await store.receive(STREAMS);
    const askWith = (tag?: string) => ask("streams", { req: { headers: { "if-none-match": tag } } });
    const { etag = "" } = (await askWith()).headers as Record<string, string>;
    for (const tag of [etag, `"other", W/${etag}`, "*"]) {
      const { statusCode, payload } = await askWith(tag);
      assert.deepEqual([statusCode, payload], [304, ""]);
    }
    await store.receive({ topic: "checks", payload: [check("Küche/1")] });
    assert.equal((await askWith(etag)).statusCode, 200);
  });

  it("finds a stream by the path, the message or the payload, and says when there is none", async (t) => {
    const { store, ask } = flow(t);
    await store.receive(STREAMS);
    for (const message of [
      { req: { params: { name: "Küche/1" } } },
      { stream: "Küche/1" },
      { payload: "Küche/1" },
    ]) {
      const answer = await ask("stream", message);
      assert.equal(answer.statusCode, 200);
      assert.equal((JSON.parse(String(answer.payload)) as { name: string }).name, "Küche/1");
    }
    const unknown = await ask("stream", { req: { params: { name: "__proto__" } } });
    assert.equal(unknown.statusCode, 404);
    assert.deepEqual(errorOf(unknown), {
      code: "stream_not_found",
      message: 'No stream is named "__proto__".',
    });
    assert.equal((await ask("stream", { payload: {} })).statusCode, 400);
    assert.equal(errorOf(await ask("stream", {})).code, "stream_missing");
  });

  it("takes the query from the message when it is set to, and refuses unknown ones", async (t) => {
    const { store, ask } = flow(t);
    await store.receive(STREAMS);
    assert.equal((await ask("msg", { query: "streams" })).statusCode, 200);
    const answer = await ask("msg", { query: "drop table" });
    assert.equal(answer.statusCode, 400);
    assert.deepEqual(errorOf(answer), {
      code: "unknown_query",
      message:
        'There is no query "drop table": ask for status, streams, stream, history, incidents, uptime, metrics, bars, transitions, export.csv, export.ndjson, backup.',
    });
    assert.equal((await ask("msg", {})).statusCode, 400);
  });
});
