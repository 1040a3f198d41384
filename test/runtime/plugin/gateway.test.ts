import assert from "node:assert/strict";
import { createServer } from "node:http";
import { it } from "node:test";
import { silentLogger } from "../../../common/logger";
import { listen, LOOPBACK } from "../../../demo/cameras";
import type { Account } from "../../../runtime/auth/account";
import { Gateway } from "../../../runtime/plugin/gateway";

it("a flow that does not answer is answered for, and what comes late is not sent", async () => {
  const gateway = new Gateway({
    account: { acceptsApiToken: () => false } as unknown as Account,
    pages: { answer: () => Promise.resolve() },
    doors: {
      flow: (_request, response) =>
        void setTimeout(() => response.headersSent || response.end("late"), 10_000).unref(),
      server: () => {},
      upgrade: () => {},
    },
    logger: silentLogger,
    flows: () => ({ hasTemplates: false }),
    flowAnswerMs: 50,
  });
  const server = createServer((request, response) => gateway.handle("api", request, response));
  const port = await listen(server, 0, LOOPBACK);
  try {
    const answer = await fetch(`http://${LOOPBACK}:${port}/api/status`);
    assert.equal(answer.status, 503);
    assert.deepEqual(await answer.json(), {
      error: {
        code: "no_answer",
        message: "The flow did not answer; it may just have been deployed. Try again.",
      },
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
