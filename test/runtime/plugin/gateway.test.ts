import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import path from "node:path";
import { describe, it } from "node:test";
import { IMPORT_MS } from "../../../dashboard/ui-stream-settings/settings-handlers";
import { WRITE_ANSWER_MS } from "../../../runtime/plugin/gateway";
import { projectRoot } from "../../support/fixtures";
import { until } from "../../support/until";
import { startGui } from "./gui";

it("the dashboard's socket opens to a session of this host, and to no token", async (t) => {
  const gui = await startGui(t, { apiToken: "may-only-read" });
  const { token } = gui.account.tokens.create("script");
  const cookie = gui.session();
  const { origin } = new URL(gui.url);
  const socket = "dashboard/socket.io/?EIO=4&transport=websocket";
  const polling = "dashboard/socket.io/?EIO=4&transport=polling";
  assert.equal(await gui.upgrade(socket, { cookie, origin }), 101);
  assert.equal(await gui.upgrade(socket, { cookie, origin: "http://evil.example" }), 403);
  assert.equal(await gui.upgrade(socket, { cookie }), 403);
  assert.equal(await gui.upgrade(socket, { origin }), 401);
  for (const known of [token, "may-only-read"]) {
    const authorization = `Bearer ${known}`;
    assert.equal(await gui.upgrade(socket, { authorization, origin }), 401);
    // a token beside a session makes it no better
    assert.equal(await gui.upgrade(socket, { authorization, cookie }), 403);
    assert.equal((await gui.get(polling, { authorization })).status, 401);
  }
});

describe("a flow that does not answer", () => {
  const rows: [method: string, place: string, seconds: number, advice: string][] = [
    ["GET", "api/status", 15, "Try again."],
    ["POST", "api/import", 70, "Look whether it was done before you try again."],
    ["PUT", "api/streams/Gate", 70, "Look whether it was done before you try again."],
  ];
  for (const [method, place, seconds, advice] of rows) {
    it(`is answered for after ${seconds} s: ${method} ${place}`, async (t) => {
      const asked: ServerResponse[] = [];
      const gui = await startGui(t, { flow: (_request, response) => void asked.push(response) });
      const headers = { cookie: gui.session(), origin: new URL(gui.url).origin };
      const answer = fetch(gui.url + place, { method, headers, ...(method !== "GET" && { body: "{}" }) });
      await until(() => asked.length === 1);
      gui.clock.pass(seconds * 1000 - 1);
      assert.equal(asked[0]?.headersSent, false);
      gui.clock.pass(1);
      const { status, ...rest } = await answer.then(async (response) => ({
        status: response.status,
        ...((await response.json()) as object),
      }));
      assert.equal(status, 503);
      const message = `The flow did not answer; it may just have been deployed. ${advice}`;
      assert.deepEqual(rest, { error: { code: "no_answer", message } });
      assert.equal(asked[0]?.writableEnded, true);
      assert.equal(gui.clock.pending, 0);
    });
  }

  it("has been waited for longer than it waits itself for config.yaml", () => {
    const calls = ["flows/streampulse.json", "examples/dashboard-page.json"].flatMap((file) => {
      const nodes = JSON.parse(readFileSync(path.join(projectRoot, file), "utf8")) as Record<
        string,
        string
      >[];
      return nodes.filter(
        ({ type, name }) => type === "link call" && /^(change )?config.yaml$/.test(name ?? ""),
      );
    });
    const seconds = new Map(calls.map(({ id, timeout }) => [id, Number(timeout)]));
    for (const id of ["sp-ask-config", "sp-settings-edit", "sp-ex-page-settings-edit"]) {
      assert.ok((seconds.get(id) ?? 0) * 1000 > IMPORT_MS, id);
      assert.ok((seconds.get(id) ?? Infinity) * 1000 < WRITE_ANSWER_MS, id);
    }
  });
});
