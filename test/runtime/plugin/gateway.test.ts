import assert from "node:assert/strict";
import { it } from "node:test";
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

it("a flow that does not answer is answered for, and what comes late is not sent", async (t) => {
  const gui = await startGui(t, {
    flow: (_request, response) =>
      void setTimeout(() => response.headersSent || response.end("late"), 10_000).unref(),
    flowAnswerMs: 50,
  });
  const answer = await gui.get("api/status", { cookie: gui.session() });
  assert.equal(answer.status, 503);
  assert.deepEqual(await answer.json(), {
    error: {
      code: "no_answer",
      message: "The flow did not answer; it may just have been deployed. Try again.",
    },
  });
});
