import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { RtspCamera } from "../../demo/cameras";
import { ProductUnderTest } from "../product/support";
import { needs } from "../support/needs";
import { until } from "../support/until";
import { assertAccessible, rowOf, TestBrowser } from "./browser";

describe("what the board says beside the streams", needs("chromium"), () => {
  const camera = new RtspCamera({ streams: [{ path: "/live" }] });
  let product: ProductUnderTest;
  let browser: TestBrowser;
  let page: Page;

  before(async () => {
    await camera.start();
    product = await ProductUnderTest.start({ heartbeat_seconds: 2, streams: [] });
    browser = await TestBrowser.start(product.running.addresses.gui);
    page = await browser.signIn("/dashboard/streams");
  });
  after(async () => {
    await browser?.stop();
    await product?.stop();
    await camera.stop();
  });

  const file = () => path.join(product.dataDir, "config.yaml");

  it("leads who has no streams yet to the ways of adding some", async () => {
    await page.getByRole("heading", { name: "No streams yet" }).waitFor();
    await page.getByText("npm run demo", { exact: true }).waitFor();
    await assertAccessible(page, "no streams");
    await page.getByRole("link", { name: "Import" }).click();
    await page.waitForURL(/\/dashboard\/settings\?tab=import/);
    await page.getByRole("tab", { name: "Import", selected: true }).waitFor();
    await page.goBack();
    await page.getByRole("link", { name: "Add a stream" }).click();
    await page.waitForURL(/\/dashboard\/settings/);
    await page.getByLabel("Name", { exact: true }).waitFor();
    await page.goBack();
    await page.getByRole("heading", { name: "No streams yet" }).waitFor();
  });

  it("has the first one as soon as it is in the file", async () => {
    const url = camera.url("/live");
    product.writeConfig({
      heartbeat_seconds: 2,
      streams: [
        { name: "Gate", url },
        { name: "Yard", url },
      ],
    });
    await rowOf(page, "Gate").getByText("Up", { exact: true }).waitFor();
    await page.getByRole("heading", { level: 1, name: "All 2 streams are up" }).waitFor();
  });

  it("shows what is wrong with config.yaml, with its line, and goes on with what was good", async () => {
    const good = readFileSync(file(), "utf8");
    writeFileSync(file(), `${good}\n  : [`);
    await page
      .getByRole("status")
      .getByText(/config\.yaml:\d+:\d+: /)
      .waitFor();
    await rowOf(page, "Gate").getByText("Up", { exact: true }).waitFor();
    await assertAccessible(page, "a problem");

    const wrong = Array.from({ length: 5 }, (_, index) => ({
      name: `wrong ${index}`,
      url: "ftp://192.0.2.1/",
    }));
    const { streams, ...rest } = JSON.parse(good) as { streams: object[] };
    product.writeConfig({ ...rest, streams: [...streams, ...wrong] });
    const problems = page.getByRole("status").getByRole("listitem");
    await page.getByRole("button", { name: "All 5" }).click();
    await until(async () => (await problems.count()) === 5);
    for (const index of wrong.keys()) {
      await problems
        .filter({ hasText: `wrong ${index}` })
        .filter({ hasText: /rtsp/ })
        .waitFor();
    }
    writeFileSync(file(), good);
    await problems.first().waitFor({ state: "detached" });
  });

  it("says that the monitor was stopped by hand, and starts it again", async () => {
    const config = JSON.parse(readFileSync(file(), "utf8")) as object;
    product.writeConfig({ ...config, services: { monitor: { stopped: true } } });
    await page.getByText("The monitor is stopped.").waitFor();
    await rowOf(page, "Gate").getByText("Unknown", { exact: true }).waitFor();
    await assertAccessible(page, "a stopped monitor");
    await page.getByRole("button", { name: "Start it" }).click();
    await page.getByText("The monitor is stopped.").waitFor({ state: "detached" });
    await rowOf(page, "Gate").getByText("Up", { exact: true }).waitFor();
  });

  it("asked nothing of any other machine, and had no fault", () => {
    assert.deepEqual([...browser.hosts], [new URL(product.running.addresses.gui).host]);
    assert.deepEqual(browser.faults, []);
  });
});
