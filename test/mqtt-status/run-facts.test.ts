import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { unusedPort } from "../../demo/cameras";
import { until } from "../support/until";
import { startService } from "./support";
import { WatchedBroker } from "./watched-broker";

describe("what the publisher tells of itself", () => {
  it("is since when it runs, how often it was begun anew, and what went wrong last", async (t) => {
    const broker = await WatchedBroker.start(t);
    const { configure, service } = startService(t);
    const facts = () => {
      const { runningSince, restarts, lastError } = service.health().details;
      return { runs: typeof runningSince === "number", restarts, lastError };
    };
    assert.deepEqual(facts(), { runs: false, restarts: 0, lastError: null });
    const port = await unusedPort();
    configure({ port });
    await until(() => facts().lastError !== null);
    const lastError = `The broker 127.0.0.1:${port} cannot be reached (ECONNREFUSED): check mqtt.host and the port, and whether the broker runs.`;
    assert.deepEqual(facts(), { runs: true, restarts: 0, lastError });
    configure({ port: broker.port });
    await until(() => service.health().running);
    const { runningSince: first } = service.health().details;
    service.restart();
    await until(() => service.health().details.runningSince !== first && service.health().running);
    assert.deepEqual(facts(), { runs: true, restarts: 1, lastError });
    configure({ port: broker.port }, { services: { mqtt: { stopped: true } } });
    await until(() => service.look.text === "stopped");
    assert.deepEqual(facts(), { runs: false, restarts: 1, lastError });
    service.restart();
    assert.equal(facts().restarts, 1);
  });
});
