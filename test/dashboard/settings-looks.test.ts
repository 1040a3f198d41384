import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { RtspCamera } from "../../demo/cameras";
import { needs } from "../support/needs";
import { assertAccessible } from "./browser";
import { SettingsUnderTest } from "./settings-page";

const TABS = ["streams", "general", "mqtt", "import", "services", "account"];
/** Set to a folder, the pages are photographed into it. */
const SHOTS = process.env.STREAMPULSE_SCREENSHOTS;

async function photograph(page: Page, name: string): Promise<void> {
  if (!SHOTS) return;
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: path.join(SHOTS, `${name}.png`) });
}

describe("the looks of the settings page", needs("chromium"), () => {
  const camera = new RtspCamera({ streams: [{ path: "/live" }] });
  let settings: SettingsUnderTest;

  before(async () => {
    await camera.start();
    const entry = (name: string, group: string, more = "") =>
      `  - {name: ${name}, url: "${camera.url("/live").replace("://", "://viewer:secret@")}", group: ${group}${more}}\n`;
    settings = await SettingsUnderTest.start(`heartbeat_seconds: 20
timezone: Europe/Berlin
streams:
${entry("Gate", "outdoor", ", tags: [north, parking]")}${entry("Yard", "outdoor", ", heartbeat_seconds: 60")}\
${entry("Garage", "indoor", ", enabled: false")}${entry("Stable", "indoor", ", level: handshake")}`);
  });
  after(async () => {
    await settings?.stop();
    await camera.stop();
  });

  for (const colorScheme of ["light", "dark"] as const) {
    it(`has no serious fault for people who see or move otherwise, ${colorScheme}`, async () => {
      const page = await settings.open("", { colorScheme });
      for (const tab of TABS) {
        await page.locator(`[role=tab][id$=-tab-${tab}]`).click();
        await page.locator("[role=tabpanel]:visible > *:not(.loading)").first().waitFor();
        await assertAccessible(page, tab);
        await photograph(page, `settings-${tab}-${colorScheme}`);
      }
      await page.locator("[role=tab][id$=-tab-streams]").click();
      await page.getByRole("button", { name: "Gate", exact: true }).click();
      await page.getByRole("button", { name: "Test", exact: true }).click();
      await page.getByText("Works", { exact: true }).waitFor();
      await assertAccessible(page, "the form");
      await photograph(page, `settings-stream-${colorScheme}`);
      await page.context().close();
    });
  }

  it("fits a phone, in German", async () => {
    const page = await settings.open("", { viewport: { width: 390, height: 844 }, locale: "de-DE" });
    for (const tab of TABS) {
      await page.locator(`[role=tab][id$=-tab-${tab}]`).click();
      await page.locator("[role=tabpanel]:visible > *:not(.loading)").first().waitFor();
      const [content, window] = await page.evaluate(() => [
        document.documentElement.scrollWidth,
        document.documentElement.clientWidth,
      ]);
      assert.ok((content ?? 0) <= (window ?? 0), `${tab} is ${content} wide`);
      const texts = await page.locator(".sp").innerText();
      assert.doesNotMatch(texts, /settings\.[a-z]/, "every text is there");
      await photograph(page, `settings-${tab}-phone`);
    }
    await page.context().close();
  });

  it("goes from tab to tab by the arrow keys", async () => {
    const page = await settings.open();
    await page.getByRole("tab", { name: "Streams" }).focus();
    await page.keyboard.press("ArrowLeft");
    assert.equal(await page.getByRole("tab", { selected: true }).innerText(), "Account");
    await page.waitForURL(/tab=account/);
    await page.keyboard.press("Home");
    await page.keyboard.press("ArrowRight");
    await page.waitForURL(/tab=general/);
    assert.equal(await page.getByRole("tab", { selected: true }).innerText(), "General");
    await page.context().close();
  });
});
