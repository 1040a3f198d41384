import assert from "node:assert/strict";
import path from "node:path";
import { describe, it } from "node:test";
import { ReadyProcess } from "../../support/ready-process";
import { temporaryFolder } from "../../support/temporary-folder";
import { until } from "../../support/until";
import { startProduct, writeFlows } from "../support";

const WATCHDOG = JSON.stringify(path.resolve(__dirname, "../../../runtime/plugin/watchdog.js"));

/** A process with a watchdog. @param body what it does once the watchdog watches */
const watched = (body: string, limitSeconds = 1, begin = "watchdog.loaded();") =>
  new ReadyProcess({
    file: process.execPath,
    args: [
      "-e",
      `const { Watchdog } = require(${WATCHDOG});
       const watchdog = new Watchdog(${limitSeconds}, console);
       watchdog.start();
       ${begin}
       const stay = setInterval(() => {}, 1000);
       setTimeout(async () => { console.log("ready"); ${body} }, 50);`,
    ],
    ready: /ready/,
  });

const hang = () => {
  for (;;);
};

describe("the watchdog", () => {
  it("ends a process whose event loop hangs, and says why", async (t) => {
    const child = watched(`(${hang.toString()})()`);
    t.after(() => child.stop());
    await child.start();
    await until(() => child.ended);
    assert.equal(child.ended?.signal, "SIGKILL");
    assert.match(
      child.output,
      /^ready\n\S+ \[error\] The event loop has not turned for 1 s: something in a flow holds it up .* \(STREAMPULSE_WATCHDOG_SECONDS\)\.\n$/,
    );
  });

  it(
    "leaves a process alone that was frozen as a whole",
    { skip: process.platform === "win32" },
    async (t) => {
      // more than one round, so that only the freeze itself could make it bite
      const child = watched("", 3);
      t.after(() => child.stop());
      await child.start();
      child.signal("SIGSTOP");
      await new Promise((resolve) => setTimeout(resolve, 4500));
      child.signal("SIGCONT");
      await new Promise((resolve) => setTimeout(resolve, 1500));
      assert.equal(child.ended, undefined);
    },
  );

  it("watches no longer after its stop, and keeps no process alive", async (t) => {
    const child = watched(
      `await watchdog.stop();
       const end = Date.now() + 2500;
       while (Date.now() < end);
       clearInterval(stay);
       console.log("done");`,
    );
    t.after(() => child.stop());
    await child.start();
    await until(() => child.ended);
    assert.deepEqual([child.ended?.code, child.output], [0, "ready\ndone\n"]);
  });

  it("has patience until all is loaded", async (t) => {
    const child = watched(
      `const end = Date.now() + 2500;
       while (Date.now() < end);
       watchdog.loaded();
       console.log("loaded");
       (${hang.toString()})()`,
      1,
      "",
    );
    t.after(() => child.stop());
    await child.start();
    await until(() => child.ended);
    assert.match(child.output, /^ready\nloaded\n\S+ \[error\] The event loop has not turned for 1 s/);
  });

  it("has the product started again when a flow hangs it", async (t) => {
    const dataDir = path.join(temporaryFolder(t), "data");
    writeFlows(dataDir, [
      { id: "t", type: "tab", label: "t" },
      { id: "in", type: "http in", z: "t", url: "/api/status", method: "get", wires: [["f"]] },
      { id: "f", type: "function", z: "t", func: "for (;;);", outputs: 1, wires: [[]] },
    ]);
    const running = await startProduct(dataDir, { STREAMPULSE_WATCHDOG_SECONDS: "5" });
    t.after(() => running.stop());
    const { api } = running.addresses;
    const first = running.product.pid;
    await assert.rejects(fetch(`${api}api/status`));
    assert.match(running.output(), /The event loop has not turned for 5 s/);
    const addresses = await until(() => running.product.pid !== first && running.product.addresses);
    assert.equal((await fetch(`${addresses.api}healthz`)).status, 200);
  });
});
