import assert from "node:assert/strict";
import { createServer, get, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { describe, it, type TestContext } from "node:test";
import statusDatabase from "../../nodes/status-store/status-database";
import statusQuery from "../../nodes/status-store/status-query";
import statusStore from "../../nodes/status-store/status-store";
import { FakeRed, type FakeNode } from "../support/fake-red";
import { temporaryFolder } from "../support/temporary-folder";
import { until } from "../support/until";
import { check } from "./support";

const CHECKS = 60_000;

/** The nodes behind an HTTP server that stands for `http in` and `http response`. */
async function served(context: TestContext, settings: Record<string, unknown> = {}) {
  const red = new FakeRed({ userDir: temporaryFolder(context), ...settings });
  for (const register of [statusDatabase, statusStore, statusQuery]) register(red.api);
  const database = red.create("status-database", { id: "db", file: "streams.db" });
  const store = red.create("status-store", { id: "store", database: "db" });
  const nodes = new Map<string, FakeNode>();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "", "http://x");
    const query = url.pathname.slice(1);
    let node = nodes.get(query);
    if (!node) nodes.set(query, (node = red.create("status-query", { id: query, database: "db", query })));
    const message = {
      req: { query: Object.fromEntries(url.searchParams), headers: request.headers },
      res: { _res: response },
    };
    const before = node.sent.length;
    void node.receive(message).then(() => {
      const answer = node.sent[before] as { statusCode: number; payload: string } | undefined;
      if (answer) response.writeHead(answer.statusCode).end(answer.payload);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(async () => {
    server.closeAllConnections();
    server.close();
    await store.close();
    await database.close();
  });
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { red, store, base, nodes, file: path.join(String(red.settings.userDir), "streams.db") };
}

/** @returns when the first check was */
async function fill({ store, red }: Awaited<ReturnType<typeof served>>): Promise<number> {
  await store.receive({ topic: "streams", payload: [{ name: "a", url: "rtsp://192.0.2.1/a" }] });
  const begin = Date.now() - CHECKS * 1000;
  for (let sent = 0; sent < CHECKS; sent += 5000) {
    const checks = Array.from({ length: 5000 }, (_, index) =>
      check("a", { at: begin + (sent + index) * 1000 }),
    );
    await store.receive({ topic: "checks", payload: checks });
  }
  await until(() =>
    red.health.some((report) => "details" in report && report.details.checksStored === CHECKS),
  );
  return begin;
}

describe("long answers over HTTP", () => {
  it("are whole, and sent no message on", async (context) => {
    const one = await served(context);
    const begin = await fill(one);
    const response = await fetch(`${one.base}/export.csv`);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "text/csv; charset=utf-8");
    assert.match(
      response.headers.get("content-disposition") ?? "",
      /^attachment; filename="streampulse-\d{4}-.+\.csv"$/,
    );
    const lines = (await response.text()).split("\r\n");
    assert.equal(lines.length, CHECKS + 2);
    assert.deepEqual(one.nodes.get("export.csv")?.sent, []);
    const some = await fetch(`${one.base}/export.ndjson?from=${begin + (CHECKS - 100) * 1000}`);
    assert.equal((await some.text()).trim().split("\n").length, 100);
  });

  it("wait for a reader that is slow, and end with one that leaves", async (context) => {
    const one = await served(context);
    await fill(one);
    const response = await new Promise<IncomingMessage>((resolve) => get(`${one.base}/export.csv`, resolve));
    response.pause();
    let read = 0;
    response.on("data", (piece: Buffer) => void (read += piece.length));
    response.resume();
    await until(() => read > 0);
    response.destroy();
    for (let turn = 0; turn < 6; turn++) {
      const aborted = new AbortController();
      const other = await fetch(`${one.base}/export.csv`, { signal: aborted.signal });
      await other.body?.getReader().read();
      aborted.abort();
    }
    await until(async () => {
      const whole = await fetch(`${one.base}/export.csv`);
      return (await whole.text()).split("\r\n").length === CHECKS + 2;
    });
  });

  it("are refused as any other answer", async (context) => {
    const one = await served(context);
    const ask = async (target: string) => {
      const response = await fetch(`${one.base}/${target}`);
      const { error } = (await response.json()) as { error: { code: string; message: string } };
      return [response.status, error.code, error.message] as const;
    };
    assert.deepEqual(await ask("export.csv?from=x"), [
      ...[400, "bad_parameter"],
      "The parameter from must be a time in epoch milliseconds or as 2026-01-31, 2026-01-31T08:00 or 2026-01-31T08:00:00+01:00.",
    ]);
    assert.deepEqual((await ask("export.csv?stream=b")).slice(0, 2), [404, "stream_not_found"]);
    assert.deepEqual((await ask("backup")).slice(0, 2), [403, "not_guarded"]);
  });

  it("give a copy of the database where somebody guards it", async (context) => {
    const one = await served(context, { httpNodeAuth: { user: "u", pass: "p" } });
    await fill(one);
    const response = await fetch(`${one.base}/backup`);
    const bytes = Buffer.from(await response.arrayBuffer());
    assert.equal(bytes.subarray(0, 15).toString(), "SQLite format 3");
    assert.ok(bytes.length > CHECKS * 10);
  });
});
