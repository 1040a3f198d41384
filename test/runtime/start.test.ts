import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { describe, it, type TestContext } from "node:test";
import { silentLogger } from "../../common/logger";
import { listen, LOOPBACK } from "../../demo/cameras";
import type { Addresses } from "../../runtime/plugin/product-runtime";
import { Product } from "../../runtime/start";
import { projectRoot } from "../support/fixtures";
import { ReadyProcess, runToEnd } from "../support/ready-process";
import { RecordingLogger } from "../support/recording-logger";
import { temporaryFolder } from "../support/temporary-folder";
import { until } from "../support/until";
import { cleanEnvironment, signIn } from "./support";

const PASSWORD = "correct horse battery";
const READY = /StreamPulse is ready: dashboard (\S+) · status API \S+\/api\/status · editor \S+/;
const START = path.resolve(__dirname, "../../runtime/start.js");

const folder = temporaryFolder();
let folders = 0;
const newDataDir = () => path.join(folder, String(folders++), "data");

async function isOpen(url: string): Promise<boolean> {
  try {
    await fetch(`${url}healthz`);
    return true;
  } catch {
    return false;
  }
}

/** `npm start` as a process. */
const command = (env: Record<string, string>) => ({
  file: process.execPath,
  args: [START],
  cwd: folder,
  env: cleanEnvironment(env),
});

/** The same, once the flows run. */
async function started(test: TestContext, env: Record<string, string>) {
  const start = new ReadyProcess({ ...command(env), ready: READY });
  test.after(() => start.stop());
  const [, gui = ""] = await start.start();
  await until(() => start.output.includes("Started flows"));
  return { start, gui };
}

describe("npm start", () => {
  it("says where it is, and ends with everything by itself", async (t) => {
    const { start, gui } = await started(t, { STREAMPULSE_DATA: newDataDir() });
    const begun = Date.now();
    assert.equal(await start.kill("SIGTERM"), 0, "1 would say that Node-RED was killed");
    t.diagnostic(`it took ${Date.now() - begun} ms`);
    assert.doesNotMatch(start.output, /is killed/);
    assert.equal(await isOpen(gui), false);
  });

  it("does not leave Node-RED behind when it is killed itself", async (t) => {
    const { start, gui } = await started(t, { STREAMPULSE_DATA: newDataDir() });
    // Node-RED holds the other end of the output: it ends when the last of the two has
    await start.kill("SIGKILL");
    assert.equal(await isOpen(gui), false);
  });

  const run = { file: process.execPath, args: [path.join(projectRoot, "scripts/run.mjs"), "start"] };
  const npm = { file: process.platform === "win32" ? "npm.cmd" : "npm", args: ["start"] };
  for (const [what, program, signal] of [
    ["npm alone is told to", npm, "SIGTERM"],
    ["its script alone is told to", run, "SIGTERM"],
    ["its script is killed", run, "SIGKILL"],
  ] as const) {
    it(`ends when ${what}`, async (t) => {
      const env = cleanEnvironment({ STREAMPULSE_DATA: newDataDir() });
      const start = new ReadyProcess({
        ...{ ...program, args: [...program.args], cwd: projectRoot, env, ready: READY, timeoutMs: 100_000 },
      });
      t.after(() => start.stop());
      const [, gui = ""] = await start.start();
      await until(() => start.output.includes("Started flows"));
      // all that was started holds the other end of the output
      await start.kill(signal);
      assert.equal(await isOpen(gui), false);
    });
  }

  const wrong: [string, () => Record<string, string>, RegExp][] = [
    [
      "a wrong variable",
      () => ({ STREAMPULSE_DATA: newDataDir(), STREAMPULSE_GUI_PORT: "eighty" }),
      /^streampulse: STREAMPULSE_GUI_PORT must be a port from 1 to 65535, or 0 for any free one, not "eighty"\.\n$/,
    ],
    [
      "a data folder that cannot be written",
      () => {
        const dataDir = newDataDir();
        mkdirSync(path.dirname(dataDir), { recursive: true });
        writeFileSync(dataDir, "a file in its place");
        return { STREAMPULSE_DATA: dataDir };
      },
      /^streampulse: The data folder \S+ cannot be written \(ENOTDIR at \S+\): let the user .*\n$/,
    ],
    [
      "a damaged auth.json",
      () => {
        const dataDir = newDataDir();
        mkdirSync(dataDir, { recursive: true });
        writeFileSync(path.join(dataDir, "auth.json"), "{");
        return { STREAMPULSE_DATA: dataDir };
      },
      /^streampulse: \S+auth\.json holds the login and is damaged \(it is not JSON\)\. .*\n$/,
    ],
  ];
  for (const [name, env, expected] of wrong) {
    it(`ends with code 1 and one sentence for ${name}`, async () => {
      const { code, output } = await runToEnd(command(env()));
      assert.equal(code, 1);
      assert.match(output, expected);
    });
  }
});

describe("the product as a class", () => {
  it("starts a killed Node-RED again, with its sessions", async () => {
    const logger = new RecordingLogger();
    const product = new Product({
      env: cleanEnvironment({ STREAMPULSE_DATA: newDataDir(), STREAMPULSE_ADMIN_PASSWORD: PASSWORD }),
      folder,
      logger,
      onOutput: () => {},
    });
    try {
      const first = await product.start();
      const cookie = await signIn(first.gui ?? "", PASSWORD);
      process.kill(product.pid ?? 0, "SIGKILL");
      await until(() => product.addresses === undefined);
      assert.deepEqual(logger.texts("error"), [
        "Node-RED ended by signal SIGKILL and is started again in 1 s",
      ]);
      const second = await until(() => product.addresses);
      assert.equal((await fetch(`${second.gui}auth/tokens`, { headers: { cookie } })).status, 200);
    } finally {
      assert.equal(await product.stop(), 0);
    }
  });

  it("goes on when its ports are taken, says so, and takes them later", async () => {
    const others = [createServer(), createServer()] as const;
    const apiPort = String(await listen(others[0], 0, LOOPBACK));
    const editorPort = String(await listen(others[1], 0, LOOPBACK));
    let text = "";
    const product = new Product({
      env: cleanEnvironment({
        STREAMPULSE_DATA: newDataDir(),
        STREAMPULSE_API_PORT: apiPort,
        STREAMPULSE_EDITOR_PORT: editorPort,
      }),
      folder,
      logger: silentLogger,
      onOutput: (more) => (text += more),
    });
    try {
      const { api, gui, editor } = await product.start();
      assert.deepEqual([api, editor], [undefined, undefined]);
      const { reasons } = (await (await fetch(`${gui}healthz`)).json()) as { reasons: string[] };
      const busy = (port: string, name: string, variable: string) =>
        `Port ${port} for the ${name} is in use by another program: end that one, or set ${variable} to a free port. It is tried again every 5 s.`;
      assert.deepEqual(
        reasons.sort(),
        [
          busy(apiPort, "status API", "STREAMPULSE_API_PORT"),
          busy(editorPort, "editor", "STREAMPULSE_EDITOR_PORT"),
        ].sort(),
      );
      for (const other of others) other.close();
      const later = await until(() => {
        const now: Addresses | undefined = product.addresses;
        return now?.api && now.editor ? now : undefined;
      });
      assert.equal((await fetch(`${later.api}healthz`)).status, 200);
      assert.equal(await isOpen(later.editor ?? ""), true);
      assert.equal(text.split("is in use by another program").length, 3, "each is said once");
    } finally {
      assert.equal(await product.stop(), 0, text);
    }
  });
});
