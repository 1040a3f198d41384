import assert from "node:assert/strict";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { describe, it, type TestContext } from "node:test";
import { systemClock } from "../../common/clock";
import { ConfigSource, type Config, type ConfigStatus } from "../../nodes/stream-config/config-source";
import { DEFAULT_CONFIG } from "../../nodes/stream-config/default-config";
import { ConfigThread, ThreadFault } from "../../nodes/stream-config/config-thread";
import { RecordingLogger } from "../support/recording-logger";
import { temporaryFolder } from "../support/temporary-folder";
import { until } from "../support/until";

const GOOD = "heartbeat_seconds: 5\nstreams:\n- name: Gate\n  url: rtsp://viewer:s3cret@h/1\n";
const BROKEN = "streams:\n- name: Gate\n\turl: rtsp://viewer:s3cret@h/1\n";
const TAB = "config.yaml:3:1: a tab is used for indentation: YAML wants spaces, so replace the tab by spaces";

interface Watched {
  source: ConfigSource;
  file: string;
  logger: RecordingLogger;
  configs: Config[];
  statuses: ConfigStatus[];
}

/** A source over a file, which nothing has started yet. */
function sourceOf(test: TestContext, file: string, env: Record<string, string> = {}): Watched {
  const watched = {
    file,
    logger: new RecordingLogger(),
    configs: [] as Config[],
    statuses: [] as ConfigStatus[],
  };
  const source = new ConfigSource({
    file,
    env,
    clock: systemClock,
    logger: watched.logger,
    onConfig: (config) => watched.configs.push(config),
    onStatus: (status) => watched.statuses.push(status),
    pollMs: 20,
  });
  test.after(() => source.stop());
  return { ...watched, source };
}

/** A started source over a file with this text. */
async function running(test: TestContext, text: string): Promise<Watched> {
  const file = path.join(temporaryFolder(test), "config.yaml");
  writeFileSync(file, text);
  const watched = sourceOf(test, file);
  await watched.source.start();
  return watched;
}

const namesOf = (config: Config | undefined) => config?.streams.map(({ name }) => name);

describe("ConfigSource", () => {
  it("hands on what the file says, and only what is different from before", async (t) => {
    const { file, configs, statuses, logger } = await running(t, GOOD);
    assert.equal(configs.length, 1);
    assert.deepEqual(configs[0]?.streams, [{ name: "Gate", url: "rtsp://viewer:s3cret@h/1", enabled: true }]);
    assert.equal(configs[0]?.settings.heartbeat_seconds, 5);
    assert.deepEqual(statuses, [{ streams: 1, problems: [], problemCount: 0 }]);
    assert.deepEqual(logger.texts(), ["config.yaml: 1 stream"]);

    appendFileSync(file, "# only a comment\n");
    await until(() => statuses.length === 2);
    assert.equal(configs.length, 1);
    writeFileSync(file, GOOD.replace("5", "7"));
    await until(() => configs.length === 2);
    assert.equal(configs[1]?.settings.heartbeat_seconds, 7);
  });

  it("has a change in force within 3 s", async (t) => {
    const file = path.join(temporaryFolder(t), "config.yaml");
    writeFileSync(file, GOOD);
    const configs: Config[] = [];
    const source = new ConfigSource({
      file,
      env: {},
      clock: systemClock,
      logger: new RecordingLogger(),
      onConfig: (config) => configs.push(config),
      onStatus: () => {},
    });
    t.after(() => source.stop());
    await source.start();
    // something else may keep the machine busy, but hardly each time
    const tookMs: number[] = [];
    for (const seconds of [7, 8, 9]) {
      const changedAt = performance.now();
      writeFileSync(file, GOOD.replace("5", String(seconds)));
      await until(() => configs.at(-1)?.settings.heartbeat_seconds === seconds);
      tookMs.push(Math.round(performance.now() - changedAt));
    }
    t.diagnostic(`${tookMs.join(", ")} ms`);
    assert.ok(Math.min(...tookMs) < 3000, `${tookMs.join(", ")} ms`);
  });

  it("keeps the last good settings while the file is broken, and says so once a change", async (t) => {
    const { source, file, configs, statuses, logger } = await running(t, GOOD);
    const refused = `${TAB}; the last good settings stay in force`;
    writeFileSync(file, BROKEN);
    await until(() => statuses.length === 2);
    assert.deepEqual(statuses[1], { streams: 1, problems: [refused], problemCount: 1, refused });
    assert.deepEqual(logger.texts("error"), [refused]);

    await source.reload();
    assert.deepEqual(logger.texts("error"), [refused]);
    assert.deepEqual(configs[1], configs[0]);
    appendFileSync(file, "# again\n");
    await until(() => statuses.length === 4);
    assert.deepEqual(logger.texts("error"), [refused, refused]);

    writeFileSync(file, GOOD.replace("Gate", "Yard"));
    await until(() => statuses.length === 5);
    assert.deepEqual(statuses[4], { streams: 1, problems: [], problemCount: 0 });
    assert.deepEqual(namesOf(configs[2]), ["Yard"]);
  });

  it("keeps them while the file is empty, gone, a folder, too large or not UTF-8, and goes on after", async (t) => {
    const { file, configs, statuses } = await running(t, GOOD);
    const stay = "the last good settings stay in force";
    const wrongs: [change: () => void, refused: string][] = [
      [
        () => truncateSync(file),
        "config.yaml:1:1: the file is empty: write streams: [] when nothing is to be watched",
      ],
      [() => rmSync(file), "config.yaml: there is no such file, or it is a link to none: put it back"],
      [
        () => mkdirSync(file),
        "config.yaml: is a folder (Docker makes one where a mounted file was missing): delete it and put the file there",
      ],
      [
        () => {
          rmSync(file, { recursive: true });
          writeFileSync(file, Buffer.alloc(10 * 1024 * 1024, "#"));
        },
        "config.yaml: the file is larger than 5 MB: is it the right one?",
      ],
      [
        () => writeFileSync(file, Buffer.from("streams:\n- name: K\xfcche\n", "latin1")),
        "config.yaml:2:10: is not UTF-8 text: save it with the encoding UTF-8",
      ],
    ];
    for (const [change, refused] of wrongs) {
      change();
      await until(() => statuses.at(-1)?.refused === `${refused}; ${stay}`);
      assert.equal(configs.length, 1);
    }
    writeFileSync(file, `\uFEFF${GOOD.replace("Gate", "Küche").replaceAll("\n", "\r\n")}`);
    await until(() => configs.length === 2);
    assert.deepEqual(namesOf(configs[1]), ["Küche"]);
  });

  it("keeps them while the file cannot be read", async (t) => {
    const { file, statuses } = await running(t, GOOD);
    // root reads everything, so it becomes somebody else for a moment
    const isRoot = process.getuid?.() === 0;
    t.after(() => isRoot && process.seteuid?.(0));
    if (isRoot) process.seteuid?.(65_534);
    else chmodSync(file, 0);
    await until(() => statuses.at(-1)?.refused !== undefined);
    if (isRoot) process.seteuid?.(0);
    else chmodSync(file, 0o600);
    assert.equal(
      statuses.at(-1)?.refused,
      "config.yaml: cannot be read (EACCES): give the user that runs Node-RED the right to read it; the last good settings stay in force",
    );
    await until(() => statuses.at(-1)?.refused === undefined);
  });

  it("keeps the streams of before when streams is no list, and takes the settings", async (t) => {
    const { file, configs, logger } = await running(t, GOOD);
    writeFileSync(file, "heartbeat_seconds: 9\nstreams: none\n");
    await until(() => configs.length === 2);
    assert.deepEqual(namesOf(configs[1]), ["Gate"]);
    assert.equal(configs[1]?.settings.heartbeat_seconds, 9);
    assert.match(logger.texts("error")[0] ?? "", /^config\.yaml:2:10: streams must be a list/);
  });

  it("hands on copies: whoever changes one changes nothing", async (t) => {
    const { source, configs } = await running(t, GOOD);
    const [first] = configs;
    assert.ok(first);
    first.streams.length = 0;
    await source.reload();
    assert.deepEqual(namesOf(configs[1]), ["Gate"]);
  });

  it("follows a rename, a link led elsewhere and a file that comes back", async (t) => {
    const { file, configs } = await running(t, GOOD);
    const named = (name: string) => GOOD.replace("Gate", name);
    writeFileSync(`${file}~`, named("renamed"));
    renameSync(`${file}~`, file);
    await until(() => namesOf(configs.at(-1))?.[0] === "renamed");
    writeFileSync(`${file}.target`, named("linked"));
    symlinkSync(`${file}.target`, `${file}~`);
    renameSync(`${file}~`, file);
    await until(() => namesOf(configs.at(-1))?.[0] === "linked");
    writeFileSync(`${file}.target`, named("edited"));
    await until(() => namesOf(configs.at(-1))?.[0] === "edited");
    rmSync(file);
    writeFileSync(file, named("back"));
    await until(() => namesOf(configs.at(-1))?.[0] === "back");
  });

  it("logs each problem once a change, with its weight", async (t) => {
    const { source, file, statuses, logger } = await running(
      t,
      "colour: red\nheartbeat_seconds: 0\nstreams: []\n",
    );
    const lines = [
      { level: "warn", text: "config.yaml:1:1: colour is not a key of config.yaml; it has no effect" },
      {
        level: "error",
        text: "config.yaml:2:20: heartbeat_seconds must be a number of at least 2 and at most 3600; 20 is used",
      },
    ];
    assert.deepEqual(logger.lines, [...lines, { level: "info", text: "config.yaml: 0 streams" }]);
    await source.reload();
    assert.equal(logger.lines.length, 3);
    appendFileSync(file, "# again\n");
    await until(() => statuses.length === 3);
    assert.deepEqual(logger.lines.slice(3), lines);
    assert.deepEqual(statuses[2], { streams: 0, problems: lines.map(({ text }) => text), problemCount: 2 });
  });
});

describe("the first start of ConfigSource", () => {
  it("makes the file and its folders, for its owner only", async (t) => {
    const file = path.join(temporaryFolder(t), "a", "b", "config.yaml");
    const { source, configs, logger } = sourceOf(t, file);
    await source.start();
    assert.equal(readFileSync(file, "utf8"), DEFAULT_CONFIG);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(path.dirname(file)).sort(), ["config.schema.json", "config.yaml"]);
    assert.deepEqual(namesOf(configs[0]), []);
    assert.deepEqual(logger.texts(), [
      `made ${file} with the defaults: put your streams into it`,
      "config.yaml: 0 streams",
    ]);
  });

  it("says why the file cannot be made, and takes it when somebody puts it there", async (t) => {
    const folder = path.join(temporaryFolder(t), "not-a-folder");
    writeFileSync(folder, "");
    const file = path.join(folder, "below", "config.yaml");
    const { source, configs, statuses } = sourceOf(t, file);
    await source.start();
    assert.deepEqual(namesOf(configs[0]), []);
    assert.equal(
      statuses[0]?.refused,
      `config.yaml: there is no such file and it cannot be made (ENOTDIR): ${path.dirname(file)} must be a folder that Node-RED can write into; nothing is watched until then`,
    );
    rmSync(folder);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, GOOD);
    await until(() => configs.length === 2);
    assert.deepEqual(namesOf(configs[1]), ["Gate"]);
  });

  it("takes the newest kept version that can be read when the file is broken", async (t) => {
    const file = path.join(temporaryFolder(t), "config.yaml");
    writeFileSync(file, BROKEN);
    writeFileSync(`${file}.1`, "{");
    writeFileSync(`${file}.3`, GOOD.replace("Gate", "third"));
    writeFileSync(`${file}.4`, GOOD.replace("Gate", "fourth"));
    const { source, configs, statuses, logger } = sourceOf(t, file);
    await source.start();
    assert.deepEqual(namesOf(configs[0]), ["third"]);
    const refused = `${TAB}; config.yaml.3 is used until then`;
    assert.deepEqual(statuses, [{ streams: 1, problems: [refused], problemCount: 1, refused }]);
    assert.deepEqual(logger.texts("error"), [refused]);
    assert.equal(readFileSync(file, "utf8"), BROKEN);

    writeFileSync(file, GOOD);
    await until(() => configs.length === 2);
    assert.deepEqual(namesOf(configs[1]), ["Gate"]);
  });

  it("watches nothing when there is no such version", async (t) => {
    const { configs, statuses } = await running(t, BROKEN);
    assert.deepEqual(namesOf(configs[0]), []);
    assert.equal(configs[0]?.settings.heartbeat_seconds, 20);
    assert.equal(statuses[0]?.refused, `${TAB}; nothing is watched until then`);
  });
});

describe("the thread that parses", () => {
  /** How many turns the event loop makes until something is done. */
  async function turnsWhile(work: Promise<unknown>): Promise<number> {
    let turns = 0;
    const timer = setInterval(() => turns++, 5);
    await work;
    clearInterval(timer);
    return turns;
  }

  it("leaves the event loop free with 10,000 streams", async (t) => {
    const file = path.join(temporaryFolder(t), "config.yaml");
    const entry = (i: number) =>
      `- name: Camera ${i}\n  url: rtsp://u:p@10.0.${i >> 8}.${i & 255}/live\n  group: yard\n`;
    writeFileSync(file, `streams:\n${Array.from({ length: 10_000 }, (_, i) => entry(i)).join("")}`);
    const { source, configs } = sourceOf(t, file);
    const turns = await turnsWhile(source.start());
    assert.equal(configs[0]?.streams.length, 10_000);
    assert.equal(configs[0]?.streams[9_999]?.name, "Camera 9999");
    t.diagnostic(`${turns} turns`);
    // a loop that is held for the parsing makes one or two
    assert.ok(turns >= 20, `${turns} turns`);
  });

  it("is ended when it takes too long, and the next question gets another one", async (t) => {
    const text = `streams:\n${Array.from({ length: 20_000 }, (_, i) => `- {name: ${i}}\n`).join("")}`;
    const thread = new ConfigThread({}, 1);
    t.after(() => thread.stop());
    await assert.rejects(
      thread.ask("read", { text }),
      new ThreadFault("cannot be read within 0.001 s: make it smaller or simpler"),
    );
    const patient = new ConfigThread({});
    t.after(() => patient.stop());
    const answers = await Promise.all([
      patient.ask("read", { text: "streams: []\n" }),
      patient.ask("read", { text: "" }),
    ]);
    assert.deepEqual(
      answers.map((answer) => "fatal" in answer),
      [false, true],
    );
  });

  it("ends with its owner, who then hands on nothing", async (t) => {
    const file = path.join(temporaryFolder(t), "config.yaml");
    // more than it comes to the end of within the 10 s that it has
    writeFileSync(file, `streams:\n${"- x\n".repeat(1_300_000)}`);
    const { source, configs, statuses, logger } = sourceOf(t, file);
    const started = source.start();
    await until(() => process.getActiveResourcesInfo().includes("MessagePort"));
    const stoppedAt = performance.now();
    await source.stop();
    await started;
    assert.ok(performance.now() - stoppedAt < 8000);
    assert.deepEqual([configs, statuses, logger.lines], [[], [], []]);
    assert.ok(!process.getActiveResourcesInfo().includes("MessagePort"));
  });
});
