import assert from "node:assert/strict";
import { createServer } from "node:net";
import { describe, it } from "node:test";
import { listen, LOOPBACK } from "../../../demo/cameras";
import { PublicListener } from "../../../runtime/plugin/public-listener";
import { FakeClock } from "../../support/fake-clock";
import { RecordingLogger } from "../../support/recording-logger";
import { until } from "../../support/until";
import { rawRequest } from "../support";

function listener(
  port: number,
  clock: FakeClock,
  logger: RecordingLogger,
  states: (string | undefined)[],
  requests: (string | undefined)[] = [],
) {
  return new PublicListener({
    name: "status API",
    host: "127.0.0.1",
    port,
    variable: "STREAMPULSE_API_PORT",
    clock,
    logger,
    onRequest: (request, response) => {
      requests.push(request.url);
      response.end("here");
    },
    onState: (problem) => states.push(problem),
  });
}

describe("a public listener", () => {
  it("says once that its port is in use, and takes it when it is free", async () => {
    const other = createServer();
    const port = await listen(other, 0, LOOPBACK);
    const clock = new FakeClock();
    const logger = new RecordingLogger();
    const states: (string | undefined)[] = [];
    const api = listener(port, clock, logger, states);
    api.start();
    await until(() => states.length === 1);
    clock.pass(5000);
    await until(() => states.length === 2);
    const problem =
      `Port ${port} for the status API is in use by another program: ` +
      "end that one, or set STREAMPULSE_API_PORT to a free port. It is tried again every 5 s.";
    assert.deepEqual(states, [problem, problem]);
    assert.deepEqual(logger.texts("error"), [problem]);
    await new Promise((resolve) => other.close(resolve));
    clock.pass(5000);
    await until(() => states.length === 3);
    assert.equal(states[2], undefined);
    assert.equal(await (await fetch(api.url)).text(), "here");
    await api.stop();
    assert.equal(clock.pending, 0);
    assert.equal(api.port, undefined);
  });

  it("answers what is no HTTP, and closes every connection when it stops", async () => {
    const states: (string | undefined)[] = [];
    const requests: (string | undefined)[] = [];
    const api = listener(0, new FakeClock(), new RecordingLogger(), states, requests);
    api.start();
    await until(() => states.length === 1);
    assert.equal((await rawRequest(api.url, "nonsense\r\n\r\n")).status, 400);
    assert.equal(
      (await rawRequest(api.url, `GET / HTTP/1.1\r\nX: ${"x".repeat(20_000)}\r\n\r\n`)).status,
      431,
    );
    assert.equal((await rawRequest(api.url, "GET / HTTP/1.1\r\n\r\n")).status, 400);
    const open = rawRequest(api.url, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await until(() => requests.length === 1);
    await api.stop();
    assert.equal((await open).body, "here");
  });
});
