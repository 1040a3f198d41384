import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { io } from "socket.io-client";
import { RtspCamera } from "../../demo/cameras";
import { projectRoot } from "../support/fixtures";
import { temporaryFolder } from "../support/temporary-folder";
import { until } from "../support/until";
import { INSTALL, installedUserDir, nodeReds, nodes, npm, OwnNodeRed, PACKAGE } from "./drop-in";

interface FlowNode {
  id: string;
  type: string;
  z?: string;
  url?: string;
  method?: string;
}

interface ShownWidget {
  type: string;
  /** Where its script is; Dashboard has it of its own widgets. */
  src?: { package: string; src: string };
}

describe("the packed package in somebody's own Node-RED", () => {
  const folder = temporaryFolder();
  const userDir = path.join(folder, "userDir");
  const installed = path.join(userDir, "node_modules", PACKAGE);
  const camera = new RtspCamera({ streams: [{ path: "/live" }] });
  let packed: string[];
  let config: object;
  let flow: FlowNode[];
  /** The script of every node that the package says it has. */
  let scripts: Record<string, string>;
  let types: string[];

  before(async () => {
    await camera.start();
    config = { heartbeat_seconds: 2, streams: [{ name: "Gate", url: camera.url("/live") }] };
    packed = (await installedUserDir(folder)).files;
    const { "node-red": own } = JSON.parse(readFileSync(path.join(installed, "package.json"), "utf8")) as {
      "node-red": { nodes: Record<string, string> };
    };
    scripts = own.nodes;
    types = Object.keys(scripts).sort();
    flow = JSON.parse(readFileSync(path.join(installed, "flows", "streampulse.json"), "utf8")) as FlowNode[];
  });
  after(() => camera.stop());

  it("has what Node-RED and people need, and nothing of the tests", () => {
    for (const file of [
      "dist/nodes/stream-probe/stream-probe.html",
      "dist/nodes/stream-probe/locales/en-US/stream-probe.json",
      "dist/nodes/stream-probe/icons/stream-probe.svg",
      "dist/dashboard/ui-stream-board/ui-stream-board.html",
      "dist/nodes/stream-probe/locales/de/stream-probe.html",
      "examples/one-camera.json",
      "resources/streampulse-editor.js",
      "resources/ui-stream-board.js",
      "resources/ui-stream-settings.js",
      "flows/streampulse.json",
      "docs/config.schema.json",
      "node_modules/better-sqlite3/prebuilds/linux-arm64.node",
      "LICENSE",
      "README.md",
    ]) {
      assert.ok(packed.includes(file), file);
    }
    const foreign = /^(dist\/(test|demo|bench|editor)|test|demo|bench|editor)\/|\/binding\.gyp$/;
    const strange = packed.filter((file) => foreign.test(file));
    assert.deepEqual(strange, []);
    const ofNodeRed = readdirSync(path.join(userDir, "node_modules")).filter((name) => /node-red/.test(name));
    assert.deepEqual(ofNodeRed, [], "Node-RED's own parts are those that run");
  });

  it(
    "is installed again from the userDir's lock where no Python is",
    { skip: process.platform === "win32" },
    async () => {
      rmSync(path.join(userDir, "node_modules"), { recursive: true });
      // all that npm and its scripts find: node and a shell
      const bin = path.join(folder, "bin");
      mkdirSync(bin);
      symlinkSync(process.execPath, path.join(bin, "node"));
      symlinkSync("/bin/sh", path.join(bin, "sh"));
      const npmScript = path.join(nodeReds[0]?.folder ?? "", "..", "npm", "bin", "npm-cli.js");
      const env = { ...process.env, PATH: bin, npm_execpath: npmScript };
      await npm(userDir, ["ci", ...INSTALL, "--foreground-scripts"], env);
      assert.ok(existsSync(path.join(installed, "package.json")));
    },
  );

  for (const nodeRed of nodeReds) {
    for (const node of nodes) {
      it(`works without Dashboard in ${nodeRed.name} on ${node.name}`, { skip: node.skip }, async (t) => {
        const own = new OwnNodeRed(node.file, nodeRed.folder, userDir);
        t.after(() => own.stop());
        await own.start(config);
        const sets = await own.nodeSets();
        assert.deepEqual(
          sets.map(({ types, err }) => [types[0], err]).sort(),
          types.map((type) => [type, undefined]),
        );
        await looksRight(own);
        await looksRight(own, "de");

        assert.equal(await own.deploy(await withoutDashboard(own)), 204);
        await untilChecked(own);
        assert.ok(existsSync(path.join(userDir, "streampulse", "streams.db")), "its data is in the userDir");
        assert.equal(await own.deploy(withAllRoutes()), 204);
        await untilChecked(own);
        await refusesToWrite(own, withAllRoutes());
        if (process.platform === "linux") {
          const { own: port, all } = own.openPorts();
          assert.deepEqual([...new Set(all)], [port], "no port but Node-RED's own");
        }
      });
    }

    it(`shows its pages with Dashboard in ${nodeRed.name}`, async (t) => {
      const own = new OwnNodeRed(nodes[0]?.file ?? "", nodeRed.folder, userDir, true);
      t.after(() => own.stop());
      await own.start(config);
      assert.equal(await own.deploy(flow), 204);
      await untilChecked(own);
      assert.equal((await fetch(own.url("dashboard/"))).status, 200);
      await refusesToWrite(own, flow);
      const widgets = await shownWidgets(own);
      for (const type of types.filter((name) => name.startsWith("ui-"))) {
        const source = widgets.find((widget) => widget.type === type)?.src;
        const script = await fetch(own.url(`resources/${source?.package}/${source?.src}`));
        assert.match(script.headers.get("content-type") ?? "", /javascript/, type);
      }
    });
  }

  it("leaves nothing behind when it is deployed again", { skip: process.platform !== "linux" }, async (t) => {
    const own = new OwnNodeRed(nodes[0]?.file ?? "", nodeReds[0]?.folder ?? "", userDir);
    t.after(() => own.stop());
    await own.start(config);
    const ours = (file: string) => file.startsWith(path.join(userDir, "streampulse"));
    const held = () => own.openFiles().filter(ours).sort().join();
    assert.equal(await own.deploy(withAllRoutes()), 204);
    await untilChecked(own);
    const files = held();
    const threads = own.threads().length;
    for (let deploys = 0; deploys < 3; deploys++) assert.equal(await own.deploy(withAllRoutes()), 204);
    await untilChecked(own);
    await until(() => own.threads().length <= threads);
    await until(() => held() === files);
    const { own: port, all } = own.openPorts();
    assert.deepEqual([...new Set(all)], [port]);
  });

  it("leaves nothing behind when it is uninstalled", { skip: process.platform !== "linux" }, async (t) => {
    const own = new OwnNodeRed(nodes[0]?.file ?? "", nodeReds[0]?.folder ?? "", userDir);
    t.after(() => own.stop());
    await own.start(config);
    const before = own.threads().length;
    assert.equal(await own.deploy(withAllRoutes()), 204);
    const database = path.join(userDir, "streampulse", "streams.db");
    await until(() => own.openFiles().includes(database));
    assert.ok(own.threads().length > before);

    assert.equal(await own.deploy([]), 204);
    const gone = await fetch(own.url(`nodes/${PACKAGE}`), { method: "DELETE" });
    assert.equal(gone.status, 204, own.output);
    assert.deepEqual(await own.nodeSets(), []);
    assert.equal(existsSync(installed), false);
    const { dependencies = {} } = JSON.parse(readFileSync(path.join(userDir, "package.json"), "utf8")) as {
      dependencies?: object;
    };
    assert.deepEqual(dependencies, {});
    assert.equal(await own.deploy([{ id: "t", type: "tab", label: "t" }]), 204);
    const ours = [path.join(userDir, "streampulse"), installed];
    assert.deepEqual(
      own.openFiles().filter((file) => ours.some((place) => file.startsWith(place))),
      [],
    );
    await until(() => own.threads().length <= before);
    assert.equal((await fetch(own.url("api/status"))).status, 404);
  });

  /** What INSTALL.md tells people without Dashboard to import, and nothing left out. */
  async function withoutDashboard(own: OwnNodeRed): Promise<FlowNode[]> {
    const text = readFileSync(path.join(projectRoot, "docs", "INSTALL.md"), "utf8");
    const name = /Without it, import the example `([\w-]+)`/.exec(text)?.[1];
    assert.ok(name, "INSTALL.md names an example");
    return own.example<FlowNode>(name);
  }

  /** The product's flow, as far as it works without Dashboard: nobody is told to make it, but it has every route. */
  const withAllRoutes = () => flow.filter(({ type, z }) => !type.startsWith("ui-") && z !== "sp-dashboard");

  /** Waits until the API answers what a check of the camera found. */
  async function untilChecked(own: OwnNodeRed): Promise<void> {
    await until(async () => {
      const answer = await fetch(own.url("api/status"));
      return answer.ok && /"message":"RTSP 200"/.test(await answer.text());
    }, 60_000);
  }

  /** The widgets that a browser is told of when it opens the dashboard. */
  async function shownWidgets(own: OwnNodeRed): Promise<ShownWidget[]> {
    const socket = io(own.url(""), { path: "/dashboard/socket.io", reconnection: false });
    try {
      const config = await new Promise<{ widgets: Record<string, ShownWidget> }>((resolve, reject) =>
        socket
          .on("ui-config", (_page: unknown, told: { widgets: Record<string, ShownWidget> }) => resolve(told))
          .on("connect_error", reject),
      );
      return Object.values(config.widgets);
    } finally {
      socket.close();
    }
  }

  /** What the palette, the help and the menu show of each node. */
  async function looksRight(own: OwnNodeRed, language = "en-US"): Promise<void> {
    const headers = { Accept: "text/html", "Accept-Language": language };
    const forms = await (await fetch(own.url("nodes"), { headers })).text();
    const labels = (await (await fetch(own.url(`nodes/messages?lng=${language}`))).json()) as Record<
      string,
      object
    >;
    const catalogs = JSON.stringify(labels);
    const icons = (await (await fetch(own.url("icons"))).json()) as Record<string, string[]>;
    for (const type of types) {
      const form = new RegExp(`registerType\\("${type}", \\{\\s*category: "(StreamPulse|config)"`).exec(
        forms,
      );
      assert.ok(form, `${type} is in the category StreamPulse, or a config node`);
      assert.ok(forms.includes(`data-template-name="${type}"`), `${type} has a form`);
      const [, help = ""] = new RegExp(`data-help-name="${type}">([^]*?)</script>`).exec(forms) ?? [];
      assert.ok(help.length > 200, `${type} has help`);
      assert.equal(/\b(der|die|das|und)\b/.test(help), language === "de", `${type} has help in ${language}`);
      const folder = path.dirname(scripts[type] ?? "");
      const catalog = readFileSync(path.join(installed, folder, "locales", language, `${type}.json`), "utf8");
      const [texts] = Object.values(JSON.parse(catalog) as Record<string, object>);
      assert.ok(catalogs.includes(JSON.stringify(texts)), `${type} has labels in ${language}`);
      if (form[1] !== "config") assert.ok(icons[PACKAGE]?.includes(`${type}.svg`), `${type} has an icon`);
    }
    const shared = await fetch(own.url(`resources/${PACKAGE}/streampulse-editor.js`));
    assert.match(shared.headers.get("content-type") ?? "", /javascript/);
    const examples = readdirSync(path.join(installed, "examples")).map((name) => path.parse(name).name);
    assert.deepEqual((await own.examples()).sort(), examples.sort());
  }

  /** Without a login nothing can be changed, taken away or watched. */
  async function refusesToWrite(own: OwnNodeRed, deployed: FlowNode[]): Promise<void> {
    const routes = deployed.filter(({ type }) => type === "http in");
    const guarded = routes.filter(
      ({ method, url }) => method !== "get" || /^\/(api\/backup|preview|snapshot)/.test(url ?? ""),
    );
    assert.ok(guarded.length > 0);
    for (const { method = "", url = "" } of guarded) {
      const place = url.slice(1).replace(/:\w+/g, "Gate");
      const response = await fetch(own.url(place), { method: method.toUpperCase() });
      assert.equal(response.status, 403, `${method} ${url}`);
      assert.match(await response.text(), /httpNodeAuth/);
    }
  }
});
