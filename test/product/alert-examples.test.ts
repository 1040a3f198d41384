import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";
import { describe, it, type TestContext } from "node:test";
import { listen, LOOPBACK, RtspCamera } from "../../demo/cameras";
import { Door } from "../support/door";
import { projectRoot } from "../support/fixtures";
import { until } from "../support/until";
import { ProductUnderTest } from "./support";

interface Node {
  id: string;
  type: string;
  env?: { name: string; value: string; type: string }[];
}

const read = (file: string) => readFileSync(path.join(projectRoot, file), "utf8");

/** An example as somebody would have set it, but in a hurry. */
function example(
  name: string,
  env: Record<string, string>,
  words: [from: string | RegExp, to: string][],
): Node[] {
  let text = read(`examples/${name}.json`);
  for (const [from, to] of words) {
    const changed = text.replace(from, to);
    assert.notEqual(changed, text, String(from));
    text = changed;
  }
  const nodes = JSON.parse(text) as Node[];
  for (const entry of nodes[0]?.env ?? []) Object.assign(entry, { value: env[entry.name], type: "str" });
  return nodes;
}

/** Whoever the flows talk to: keeps what it is sent. */
async function listener(test: TestContext) {
  const heard: { method?: string; url?: string; body: unknown }[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (more: Buffer) => (text += more.toString()));
    request.on("end", () => {
      heard.push({ method: request.method, url: request.url, body: JSON.parse(text) });
      response.writeHead(200, { "content-type": "application/json" }).end('{"ok":true}');
    });
  });
  test.after(() => void server.close());
  test.after(() => server.closeAllConnections());
  return { heard, url: `http://${LOOPBACK}:${await listen(server, 0, LOOPBACK)}` };
}

describe("the examples in the product", () => {
  it("tell of an outage in one message, cycle the power of one camera, and go on after a deploy", async (t) => {
    const telegram = await listener(t);
    const poeSwitch = await listener(t);
    const flows = [
      ...(JSON.parse(read("flows/streampulse.json")) as Node[]),
      ...example("alert-telegram", { TELEGRAM_TOKEN: "token", TELEGRAM_CHAT: "42" }, [
        ["https://api.telegram.org", telegram.url],
        // longer than the heartbeat, within which all streams of a host are found down
        ["HOLD_SECONDS = 60", "HOLD_SECONDS = 10"],
      ]),
      ...example("power-cycle-poe", { POE_URL: poeSwitch.url }, [
        ["WAIT_SECONDS = 180", "WAIT_SECONDS = 4"],
        ["OFF_SECONDS = 10", "OFF_SECONDS = 1"],
      ]),
    ];
    const camera = new RtspCamera({ streams: [{ path: "/live" }, { path: "/more" }] });
    await camera.start();
    // a host of its own, so that its outage is one of a single camera
    const single = await Door.start(t, Number(new URL(camera.url("/live")).port), "127.1.1.1");
    const streams = [
      { name: "Left", url: camera.url("/live") },
      { name: "Right", url: camera.url("/more") },
      { name: "Front door", url: `rtsp://127.1.1.1:${single.port}/live` },
    ];
    const product = await ProductUnderTest.start(
      { heartbeat_seconds: 2, probe: { timeout_ms: 1000 }, streams },
      {},
      flows,
    );
    t.after(async () => {
      await product.stop();
      await camera.stop();
    });
    for (const { name } of streams) await product.untilState(name, "up");

    // a start knows nothing of before: no port may be left off
    await until(() => poeSwitch.heard.length === 2);
    assert.deepEqual(poeSwitch.heard.splice(0), [
      { method: "PUT", url: "/ports/3/poe", body: { enabled: true } },
      { method: "PUT", url: "/ports/4/poe", body: { enabled: true } },
    ]);
    single.bytesPerSecond = 0;
    await until(() => poeSwitch.heard.length >= 2, 60_000);
    assert.deepEqual(poeSwitch.heard.slice(0, 2), [
      { method: "PUT", url: "/ports/3/poe", body: { enabled: false } },
      { method: "PUT", url: "/ports/3/poe", body: { enabled: true } },
    ]);
    await until(() => telegram.heard.length === 1, 60_000);
    assert.deepEqual(telegram.heard[0], {
      method: "POST",
      url: "/bottoken/sendMessage",
      body: { chat_id: "42", text: "Front door: down, timeout (timeout)" },
    });

    await camera.stop();
    await until(() => telegram.heard.length === 2, 60_000);
    const { text } = telegram.heard[1]?.body as { text: string };
    assert.match(text, /^127\.0\.0\.1: all 2 streams are down \((Left, Right|Right, Left)\)$/);
    await camera.start();
    await until(() => telegram.heard.length === 3, 60_000);
    assert.match(
      (telegram.heard[2]?.body as { text: string }).text,
      /^127\.0\.0\.1: answers again after 1 min, 1 of 2 streams not yet$/,
    );
    await until(
      () => product.running.output().includes("Front door: 3 restarts within 24 h did not help"),
      60_000,
    );
    assert.equal(poeSwitch.heard.length, 6);

    // what was told is known after a deploy
    const nodes: unknown = await (await product.admin("GET", "flows")).json();
    const full = { "Node-RED-Deployment-Type": "full" };
    assert.equal((await product.admin("POST", "flows", nodes, full)).status, 204);
    single.bytesPerSecond = Infinity;
    await until(() => telegram.heard.length === 4, 60_000);
    assert.match(
      (telegram.heard[3]?.body as { text: string }).text,
      /^Front door: up again after [1-9] min$/,
    );
  });
});
