import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { RtspCamera } from "../../demo/cameras";
import { linkedUserDir, nodeReds, nodes, OwnNodeRed } from "../product/drop-in";
import { temporaryFolder } from "../support/temporary-folder";
import { until } from "../support/until";
import { deploy, done, EditorBrowser, openForm, QUIET_EDITOR } from "./editor-page";

const CREDENTIALS = { username: "viewer", password: "s3cret-of-the-camera" };

const FLOW = [
  { id: "tab", type: "tab", label: "test" },
  {
    ...{ id: "config", type: "stream-config", z: "tab", x: 200, y: 100, wires: [["probe"], []] },
    ...{ name: "", source: "form", file: "", streams: [] },
  },
  {
    ...{ id: "probe", type: "stream-probe", z: "tab", x: 460, y: 100, wires: [[], [], [], [], []] },
    ...{ name: "", heartbeat_seconds: "", timeout_ms: "", confirm_failures: "" },
  },
  {
    ...{ id: "mqtt", type: "mqtt-status", z: "tab", x: 200, y: 200, wires: [[], [], [], [], []] },
    ...{ name: "", host: "broker.test", protocol: "mqtts", port: "", mqtt_topic: "", interval_seconds: "" },
  },
  {
    ...{ id: "preview", type: "stream-preview", z: "tab", x: 460, y: 200, wires: [[], [], []] },
    ...{ name: "", most_at_once: "4" },
  },
];

/** A deployed stream of the form, as Node-RED keeps it. */
interface Deployed {
  id: string;
  streams?: { id: string; slot: number; name: string; url: string }[];
}

for (const { name, folder: nodeRed } of nodeReds) {
  describe(`the forms in the editor of ${name}`, () => {
    const userDir = linkedUserDir(temporaryFolder());
    const own = new OwnNodeRed(nodes[0]?.file ?? "", nodeRed, userDir);
    const camera = new RtspCamera({ streams: [{ path: "/live", digest: CREDENTIALS }] });
    let browser: EditorBrowser;
    const withPassword = () => camera.url("/live").replace("//", `//viewer:${CREDENTIALS.password}@`);
    const deployedConfig = async () => {
      const { flows } = (await (
        await fetch(own.url("flows"), { headers: { "Node-RED-API-Version": "v2" } })
      ).json()) as { flows: Deployed[] };
      return flows.find(({ id }) => id === "config");
    };

    before(async () => {
      await camera.start();
      await own.start({ streams: [] }, QUIET_EDITOR);
      assert.equal(await own.deploy(FLOW), 204);
      browser = await EditorBrowser.start();
    });
    after(async () => {
      await browser.stop();
      await own.stop();
      await camera.stop();
    });
    afterEach(() => assert.deepEqual(browser.faults.splice(0), []));

    it("keep a list of streams, try a URL, and hide its password for good", async () => {
      const page = await browser.open(own.url(""));
      await openForm(page, "config");
      const add = page.locator(".red-ui-editableList-addButton");
      const urls = page.getByLabel("URL: rtsp://user:password@address/path");
      const names = page.getByLabel("Name", { exact: true });
      const verdict = page.locator(".streampulse-verdict");
      await add.click();
      await names.last().fill("Gate");
      await urls.last().fill("ftp://x");
      await page.getByText("Must begin with rtsp://, rtsps://, http:// or https://, not ftp://.").waitFor();
      await urls.last().fill(withPassword());
      await page.getByText("Must begin").waitFor({ state: "hidden" });
      await page.getByRole("button", { name: "Test" }).click();
      await page.locator(".streampulse-up").waitFor();
      assert.match(
        await verdict.innerText(),
        /^Works\s+The stream answers\.\s+Latency: \d+ ms\s+Picture: H264 · 320×240.*\s+Answer: RTSP 200$/,
      );

      await add.click();
      await names.last().fill("Gate");
      await page.getByText("Another stream has this name.").first().waitFor();
      await names.last().fill("Shed");
      await urls.last().fill(camera.url("/nothing"));
      await page.getByRole("button", { name: "Test" }).last().click();
      await page.locator(".streampulse-degraded").waitFor();
      assert.match(
        await verdict.last().innerText(),
        /has no stream under this path\.\s+Check the path in the URL/,
      );
      await done(page);
      await deploy(page);

      const config = await deployedConfig();
      assert.deepEqual(
        config?.streams?.map(({ name, slot }) => [name, slot]),
        [["Gate", 0], ["Shed", 1]], // prettier-ignore
      );
      assert.match(config?.streams?.[0]?.url ?? "", /^rtsp:\/\/viewer:\*{8}@127\.0\.0\.1:\d+\/live$/);
      for (const file of ["flows.json", "flows_cred.json"]) {
        assert.doesNotMatch(readFileSync(path.join(userDir, file), "utf8"), /s3cret/, file);
      }
      // the probe has the password
      await until(async () => (await own.statusOf("probe")) === "1 up · 1 degraded", 30_000);
      await page.close();

      // another person, later
      const later = await browser.open(own.url(""));
      let sent = "";
      later.on("request", (request) => (sent += request.postData() ?? ""));
      await openForm(later, "config");
      const url = later.getByLabel("URL: rtsp://user:password@address/path").first();
      assert.match(await url.inputValue(), /viewer:\*{8}@/);
      await later.getByRole("button", { name: "Test" }).first().click();
      await later.locator(".streampulse-up").waitFor();
      assert.doesNotMatch(await later.content(), /s3cret/);
      await url.fill("rtsp://viewer:********@elsewhere.test/live");
      await later.getByText("Type the password again: the hidden one was for rtsp://127.0.0.1.").waitFor();
      await url.fill(config?.streams?.[0]?.url ?? "");
      // a new name, and the other line goes
      await later.getByLabel("Name", { exact: true }).first().fill("Front gate");
      await later.locator(".red-ui-editableList-item-remove").last().click();
      // at once, while the line still fades
      await done(later);
      await deploy(later);
      assert.doesNotMatch(sent, /s3cret/);
      await until(async () => (await own.statusOf("probe")) === "1 up", 30_000);
      const renamed = await deployedConfig();
      assert.deepEqual(
        renamed?.streams?.map(({ name, id }) => [name, id]),
        [["Front gate", config?.streams?.[0]?.id]],
      );
      await later.close();
    });

    it("say beside a field what is wrong with it, by the limits of config.yaml", async () => {
      const page = await browser.open(own.url(""));
      const beside = async (form: string, wrong: [field: string, value: string, sentence: string][]) => {
        await openForm(page, form);
        for (const [field, value, sentence] of wrong) {
          const input = page.locator(`#node-input-${field}`);
          const usual = await input.inputValue();
          await input.fill(value);
          const said = page.locator(`[id="${await input.getAttribute("aria-describedby")}"]`);
          assert.equal(await said.innerText(), sentence);
          await input.fill(usual);
          assert.equal(await said.innerText(), "");
        }
      };
      await beside("probe", [
        ["heartbeat_seconds", "1", "This must be from 2 to 3,600."],
        ["timeout_ms", "100", "This must be from 500 to 60,000."],
        ["confirm_failures", "1.5", "This must be a whole number."],
      ]);
      assert.equal(await page.locator("#node-input-heartbeat_seconds").getAttribute("placeholder"), "20");
      await page.locator("#stream-probe-try").fill(withPassword());
      await page.locator("#stream-probe-try-now").click();
      await page.locator(".streampulse-up").waitFor();
      await done(page);
      await beside("mqtt", [
        ["port", "70000", "This must be from 1 to 65,535."],
        [
          "mqtt_topic",
          "a/#",
          "A topic such as streampulse/status, without + and #, and without $ at its beginning.",
        ],
        ["interval_seconds", "4", "This must be from 5 to 86,400."],
        ["site", "x".repeat(201), "This must not be longer than 200 characters."],
      ]);
      assert.equal(await page.locator("#node-input-port").getAttribute("placeholder"), "8883");
      await done(page);
      await beside("preview", [["most_at_once", "33", "This must be from 1 to 32."]]);
      await done(page);
      await page.close();
    });

    it("speak German to a German browser, help and all", async () => {
      const page = await browser.open(own.url(""), "de-DE");
      await openForm(page, "probe");
      await page.getByText("Fehler bis zur Bestätigung").waitFor();
      await page.locator("#node-input-heartbeat_seconds").fill("1");
      await page.getByText("Von 2 bis 3.600.").waitFor();
      await page.locator("#node-input-heartbeat_seconds").fill("");
      await page.locator("#stream-probe-try").fill(camera.url("/nothing"));
      await page.locator("#stream-probe-try-now").click();
      await page.getByText("Erreichbar, aber kein volles Bild").waitFor();
      await page.getByText("Das Gerät antwortet, hat aber keinen Stream unter diesem Pfad").waitFor();
      await done(page);
      const help = await page.evaluate(() =>
        (window as unknown as { $: (at: string) => { html(): string } })
          .$("script[data-help-name=stream-probe]")
          .html(),
      );
      assert.match(help, /Überwacht Kameras und Videostreams/);
      await page.close();
    });
  });
}
