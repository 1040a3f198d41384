import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { LOOPBACK, MjpegCamera } from "../../demo/cameras";
import { WatchedBroker } from "../mqtt-status/watched-broker";
import { PASSWORD, ProductUnderTest } from "../product/support";
import { cookieOf, post } from "../runtime/support";
import { fixture } from "../support/fixtures";
import { needs } from "../support/needs";
import { temporaryFolder } from "../support/temporary-folder";
import { until } from "../support/until";
import { COMMANDS } from "./commands";
import { blocksOf, codeIn, documentNamed } from "./documents";
import { differences } from "./shape";

const run = promisify(execFile);
const toRun = Object.keys(COMMANDS).filter((text) => COMMANDS[text]?.kind === "product");
const ran = new Set<string>();
/** They hold what was seen, which differs from camera to camera and part to part. */
const LOOSE = new Set(["timings", "media", "parts", "details", "process"]);

/** A product as a user would have it, for all that the documents say of one. Each part leaves it as the next expects. */
describe("a product, by the documents", () => {
  /** Where a user sits. */
  const folder = temporaryFolder();
  const camera = new MjpegCamera();
  let broker: WatchedBroker;
  let product: ProductUnderTest;
  let token = "";

  before(async () => {
    // it is stopped below, behind the product
    broker = await WatchedBroker.start({ after: () => {} } as never);
    const { url } = await camera.start();
    product = await ProductUnderTest.start({
      heartbeat_seconds: 2,
      timezone: "Europe/Berlin",
      streams: [{ name: "Gate", url, group: "Outside" }],
      mqtt: { enabled: true, host: LOOPBACK, port: broker.port, per_stream: true, commands: true },
    });
    const { gui } = product.running.addresses;
    const cookie = cookieOf(await post(`${gui}login`, { password: PASSWORD }));
    const made = await post(`${gui}auth/tokens`, { name: "documents" }, { cookie });
    ({ token } = (await made.json()) as { token: string });
    // what commands read, and what makes curl say with its exit code that an answer was none
    cpSync(fixture("import", "go2rtc.yaml"), path.join(folder, "go2rtc.yaml"));
    writeFileSync(path.join(folder, ".curlrc"), "fail\nsilent\nshow-error\nmax-time = 60\n");
    await product.untilState("Gate", "up");
    await until(async () => (await product.api<Health>("healthz")).status === "ok");
  });
  after(async () => {
    await product?.stop();
    await camera.stop();
    await broker?.stop();
  });

  /** Runs a command as it stands in the documents, with the addresses of this product. @returns what it wrote */
  async function type(text: string, more = ""): Promise<string> {
    assert.ok(toRun.includes(text), text);
    ran.add(text);
    const { api, gui } = product.running.addresses;
    const command = text
      .replaceAll("http://localhost:7000/", api)
      .replaceAll("http://localhost:8000/", gui)
      .replaceAll('"Origin: http://localhost:8000"', `"Origin: ${new URL(gui).origin}"`)
      .replaceAll("-h localhost", `-h ${LOOPBACK} -p ${broker.port}${more}`);
    const env = { ...process.env, CURL_HOME: folder, TOKEN: token, PASSWORD };
    const { stdout } = await run("sh", ["-ec", command], { cwd: folder, env, timeout: 60_000 });
    return stdout;
  }
  const typed = async (start: string) =>
    type(toRun.find((text) => text.includes(start)) ?? assert.fail(start));
  const typedJson = async (start: string) => JSON.parse(await typed(start)) as unknown;
  const jsonAt = (place: string, index = 0) => {
    const block = blocksOf("json").filter((candidate) => candidate.place === place)[index];
    assert.ok(block, place);
    return JSON.parse(block.text) as unknown;
  };

  it("answers as docs/API.md shows", async () => {
    const shows: [string, number, () => Promise<unknown>][] = [
      ["docs/API.md#the-http-api", 0, () => product.api("api/streams/Nobody")],
      ["docs/API.md#status", 0, () => typedJson("api/status")],
      ["docs/API.md#status", 1, () => typedJson("api/streams/Gate")],
      ["docs/API.md#how-streampulse-itself-is", 0, () => typedJson("healthz")],
    ];
    for (const [place, index, ask] of shows) {
      assert.deepEqual(differences(jsonAt(place, index), await ask(), LOOSE), [], `${place} ${index}`);
    }
    const shown = blocksOf("json").filter((block) => block.place.startsWith("docs/API.md"));
    assert.equal(shown.length, shows.length);
    const { details } = (jsonAt("docs/API.md#how-streampulse-itself-is") as Health).parts.probe;
    const { parts } = await product.api<Health>("healthz");
    for (const key of Object.keys(details)) assert.ok(key in parts.probe.details, key);
    assert.deepEqual(Object.keys(parts).sort(), ["config", "mqtt", "probe", "store"]);
  });

  it("does what the commands of docs/API.md say", async () => {
    assert.match(await typed("api/uptime?"), /"24h":.*"30d":/);
    assert.match(await typed("history?bucket=1h"), /"bucketSeconds":3600/);
    assert.match(await typed("incidents?open=true"), /"incidents":\[\]/);
    await typed("export.csv");
    assert.match(
      readFileSync(path.join(folder, "checks.csv"), "utf8"),
      /^stream,ts,status,latency_ms,message\r?\nGate,/,
    );
    await typed("/login");
    const made = JSON.parse(await typed("/auth/tokens")) as { token: string };
    assert.match(made.token, /^sp_/);
    assert.deepEqual((JSON.parse(await typed('"name": "Yard"')) as { added: string[] }).added, ["Yard"]);
    assert.match(await typed("-X PUT"), /"confirm_failures":3/);
    const imported = JSON.parse(await typed("@go2rtc.yaml")) as { applied: boolean; added: object[] };
    assert.ok(imported.applied && imported.added.length > 0);
    await typed("snapshot/Gate.jpg");
    assert.equal(readFileSync(path.join(folder, "gate.jpg")).subarray(0, 2).toString("hex"), "ffd8");
  });

  it("publishes as docs/MQTT.md shows", async () => {
    const shown = blocksOf("json").filter(({ place }) => place.startsWith("docs/MQTT.md"));
    const [state, event] = shown.map(({ text }) => JSON.parse(text) as object);
    assert.equal(shown.length, 2);
    const found = await broker.keeps<object>("streampulse/streams/gate/state");
    assert.deepEqual(Object.keys(found).sort(), Object.keys(state ?? {}).sort());
    await until(() => broker.on("streampulse/events").length > 0);
    const [first = ""] = broker.on("streampulse/events");
    assert.deepEqual(Object.keys(JSON.parse(first) as object).sort(), Object.keys(event ?? {}).sort());
  });

  it("publishes to the topics of docs/MQTT.md, as its table says", async () => {
    const table = documentNamed("docs/MQTT.md").rows.filter(({ cells }) => cells.length === 4);
    const topics = table.flatMap(({ cells: [topic, qos = "", kept] }) =>
      // commands have none, and an image comes only where pictures are looked at
      qos === "" || codeIn(topic)?.endsWith("/image")
        ? []
        : [[codeIn(topic) ?? "", Number(qos), kept === "yes"] as const],
    );
    assert.ok(topics.length >= 4);
    const heard = () =>
      broker.heard.map(({ topic, qos, retain }) => [
        topic.replace("streampulse", "<base>").replace(/streams\/[^/]+/, "streams/<slug>"),
        qos,
        retain,
      ]);
    const told = (rows: readonly (readonly unknown[])[]) =>
      [...new Set(rows.map((row) => row.join()))].sort();
    await until(() => topics.every(([topic]) => heard().some(([name]) => name === topic)));
    // the one topic of v2.2 stands in the text above the table
    const others = heard().filter(([topic]) => topic !== "<base>/status");
    assert.deepEqual(told(others), told(topics));
  });

  it("is heard and commanded by mosquitto's programs", needs("mosquitto_sub"), async () => {
    const [subscribe = "", publish = ""] = toRun.filter((text) => text.startsWith("mosquitto_"));
    assert.match(await type(subscribe, " -C 3 -W 30"), /^streampulse\/\S+ \S/m);
    const last = async () => (await product.stream("Gate")).last?.at ?? 0;
    const before = (await product.api<Health>("healthz")).parts.mqtt.details.commandsAccepted;
    await type(publish);
    await until(
      async () => (await product.api<Health>("healthz")).parts.mqtt.details.commandsAccepted !== before,
    );
    const at = await last();
    await until(async () => (await last()) > at);
  });

  it("has the metrics of docs/METRICS.md, and no others", async () => {
    const text = await (await fetch(`${product.running.addresses.api}metrics`)).text();
    const found = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => `${name} ${type}`);
    const documented = documentNamed("docs/METRICS.md").rows.map(
      ({ cells }) => `${codeIn(cells[0])} ${cells.length === 4 ? cells[1] : "gauge"}`,
    );
    assert.deepEqual([...found].sort(), documented.sort());
    for (const { cells } of documentNamed("docs/METRICS.md").rows.filter(({ cells }) => cells.length === 4)) {
      const labels = [...(cells[2] ?? "").matchAll(/`(\w+)`/g)].map(([, label]) => label);
      const sample = new RegExp(`^${codeIn(cells[0])}(?:_count)?(?:\\{([^}]*)\\})? `, "m").exec(text);
      assert.ok(sample, cells[0]);
      assert.deepEqual(
        [...(sample[1] ?? "").matchAll(/(\w+)="/g)].map(([, label]) => label),
        labels,
        cells[0],
      );
    }
  });

  it("gets its history back from a backup, as docs/BACKUP.md says", needs("sqlite3"), async () => {
    const last = async () => (await product.stream("Gate")).last?.at ?? 0;
    const kept = await last();
    const history = async () => {
      const answer = await fetch(`${product.running.addresses.api}api/streams/Gate/history?limit=10000`, {
        headers: { authorization: `Bearer ${token}` },
      });
      return ((await answer.json()) as { checks: { at: number }[] }).checks.map(({ at }) => at);
    };
    await until(async () => (await history()).includes(kept));
    await typed("api/backup");
    assert.equal((await typed("integrity_check")).trim(), "ok");
    const backedUp = Date.now();
    await until(async () => (await history()).some((at) => at > backedUp));
    const lost = (await history()).filter((at) => at > backedUp);

    await product.running.stop();
    for (const name of ["streams.db-wal", "streams.db-shm"])
      rmSync(path.join(product.dataDir, name), { force: true });
    renameSync(path.join(product.dataDir, "streams.db"), path.join(product.dataDir, "streams.db.old"));
    mkdirSync(path.join(folder, "data"));
    await typed("cp streams-backup.db");
    renameSync(path.join(folder, "data", "streams.db"), path.join(product.dataDir, "streams.db"));
    await product.restart();
    await product.untilState("Gate", "up");
    assert.ok(existsSync(path.join(product.dataDir, "config.yaml")));
    const restored = await history();
    assert.ok(restored.includes(kept));
    assert.deepEqual(
      lost.filter((at) => restored.includes(at)),
      [],
    );
  });

  it("was asked everything", () => {
    if (process.env.CI === "true")
      assert.deepEqual(
        toRun.filter((text) => !ran.has(text)),
        [],
      );
  });
});

interface Health {
  status: string;
  parts: Record<"config" | "probe" | "store" | "mqtt", { details: Record<string, unknown> }>;
}
