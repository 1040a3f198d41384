import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { needs } from "../support/needs";
import { until } from "../support/until";
import { SettingsUnderTest } from "./settings-page";

const COUNT = 10_000;
const MOST_ROWS = 60;

/** Switched off: what is asked here is the page, and not the probes. */
const entry = (n: number) =>
  `- {name: Camera ${String(n).padStart(5, "0")}, url: "rtsp://u:p@10.0.${n >> 8}.${n & 255}/1", group: Site ${n % 50}, enabled: false}\n`;

describe("the settings with 10,000 streams", needs("chromium"), () => {
  let settings: SettingsUnderTest;
  let page: Page;

  const rows = () => page.getByRole("listitem").count();
  const row = (name: string) => page.getByRole("button", { name, exact: true });
  const list = () => page.getByRole("list", { name: "Streams" });
  const scrollTo = (share: number) =>
    list().evaluate((box, part) => void (box.scrollTop = box.scrollHeight * part), share);

  before(async () => {
    settings = await SettingsUnderTest.start(
      `heartbeat_seconds: 3600\nstreams:\n${Array.from({ length: COUNT }, (_, n) => entry(n)).join("")}`,
    );
    await until(async () => (await settings.ask<unknown[]>("api/streams")).length === COUNT);
    page = await settings.open();
  });
  after(() => settings?.stop());

  it("are shown", async (t) => {
    const begun = Date.now();
    await page.reload({ waitUntil: "commit" });
    await row("Camera 00000").waitFor();
    t.diagnostic(`first rows after ${Date.now() - begun} ms`);
    await page.getByText("10,000 streams", { exact: true }).waitFor();
  });

  it("are in the page only near what is seen, wherever it is scrolled to", async () => {
    for (const [share, name] of [
      [0.5, "Camera 05000"],
      [1, "Camera 09999"],
    ] as const) {
      await scrollTo(share);
      await row(name).waitFor();
      assert.ok((await rows()) <= MOST_ROWS, `${await rows()} rows`);
    }
  });

  it("are found at once", async (t) => {
    const begun = Date.now();
    await page.getByRole("searchbox").fill("09998");
    await page.getByText("1 found", { exact: true }).waitFor();
    t.diagnostic(`found after ${Date.now() - begun} ms`);
    await row("Camera 09998").waitFor();
  });

  it("take an edit of one", async (t) => {
    const toggle = page.getByRole("switch", { name: "Watch Camera 09998" });
    const begun = Date.now();
    await toggle.click();
    await page.getByRole("switch", { name: "Watch Camera 09998", checked: true }).waitFor();
    t.diagnostic(`switched on after ${Date.now() - begun} ms`);
    assert.match(settings.config, /Camera 09998, url: "[^"]+", group: Site 48\}/);
  });

  it("had no fault", () => assert.deepEqual(settings.faults, []));
});
