import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { ProductUnderTest } from "../product/support";
import { needs } from "../support/needs";
import { until } from "../support/until";
import { listedNames, rowOf, TestBrowser } from "./browser";
import { CHANGING, HOSTILE_MESSAGE, syntheticFlow } from "./synthetic-flow";

/** So many rows fit on a screen of 900 pixels, with some above and below. */
const MOST_ROWS = 60;
/** A heartbeat of 20 s makes 500 checks a second. */
const MEASURED_MS = 5000;
/** So many are measured, of which the quickest counts, because a test shares its machine. */
const CHANGES = 5;
const MOST_BYTES_A_SECOND = 100_000;

/** When the word of the only stream in the list changes next, epoch milliseconds. */
function nextChange(page: Page): Promise<number> {
  return page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        const list = document.querySelector<HTMLElement>(".list");
        const word = () => list?.querySelector(".state-mark")?.textContent;
        const before = word();
        const observer = new MutationObserver(() => {
          if (word() === before) return;
          observer.disconnect();
          resolve(Date.now());
        });
        if (list) observer.observe(list, { subtree: true, childList: true, characterData: true });
      }),
  );
}

describe("the board with 10,000 streams", needs("chromium"), () => {
  let product: ProductUnderTest;
  let browser: TestBrowser;
  let page: Page;
  let bytes = 0;

  before(async () => {
    product = await ProductUnderTest.start({ streams: [] }, {}, syntheticFlow());
    await until(async () => (await product.api<unknown[]>("api/streams")).length === 10_000);
    browser = await TestBrowser.start(product.running.addresses.gui);
    page = await browser.signIn("/dashboard/streams");
    await page.getByRole("heading", { level: 1, name: /of 10,000 streams are down$/ }).waitFor();
  });
  after(async () => {
    await browser?.stop();
    await product?.stop();
  });

  const rows = () => page.getByRole("listitem").count();
  const scrollTo = (share: number) =>
    page.evaluate((part) => window.scrollTo(0, document.documentElement.scrollHeight * part), share);

  it("is on the screen", async (t) => {
    await page.reload();
    await rowOf(page, "Stream 00007").waitFor();
    t.diagnostic(`first rows after ${Math.round(await page.evaluate(() => performance.now()))} ms`);
  });

  it("has only the rows near the screen in the page, wherever it is scrolled to", async () => {
    await page.getByLabel("Sort by").selectOption("Name");
    await rowOf(page, "Stream 00000").waitFor();
    for (const share of [0.1, 0.5, 0.77]) {
      await scrollTo(share);
      const near = Math.round(10_000 * share);
      await until(async () => {
        const indexes = (await listedNames(page)).map((name) => Number(name.slice(-5)));
        return indexes.some((index) => Math.abs(index - near) < 200);
      });
      assert.ok((await rows()) <= MOST_ROWS, `${await rows()} rows`);
    }
    await scrollTo(1);
    await rowOf(page, "Stream 09999").waitFor();
    await page.getByRole("button", { name: "As cards" }).click();
    await scrollTo(0.5);
    await until(async () => (await rows()) > 0 && (await rows()) <= 2 * MOST_ROWS);
    await page.getByRole("button", { name: "As rows" }).click();
    await scrollTo(0);
    await rowOf(page, "Stream 00000").waitFor();
  });

  it("shows bars and ticking checks of what is on the screen, and is told little of the rest", async () => {
    const session = await page.context().newCDPSession(page);
    await session.send("Network.enable");
    session.on("Network.webSocketFrameReceived", ({ response }) => (bytes += response.payloadData.length));
    await rowOf(page, "Stream 00003").locator(".heartbeat path.up").waitFor({ state: "attached" });
    const last = rowOf(page, "Stream 00003").locator(".last");
    const before = await last.textContent();
    await until(async () => (await last.textContent()) !== before);
    bytes = 0;
    const begun = Date.now();
    await until(() => Date.now() - begun > MEASURED_MS);
    const perSecond = bytes / ((Date.now() - begun) / 1000);
    assert.ok(perSecond < MOST_BYTES_A_SECOND, `${Math.round(perSecond)} bytes a second`);
  });

  it("finds one, and shows its change within a second of it", async (t) => {
    await page.getByLabel("Search").fill("05000 site");
    await until(async () => (await listedNames(page)).join() === CHANGING);
    const delays: number[] = [];
    while (delays.length < CHANGES) {
      const seenAt = await nextChange(page);
      const { since } = await product.stream(CHANGING);
      // a slow answer is about the change after the one that was seen
      if (since <= seenAt) delays.push(seenAt - since);
    }
    t.diagnostic(`shown after ${delays.join(", ")} ms`);
    assert.ok(Math.min(...delays) < 1000, `${delays.join(", ")} ms`);
    await page.getByLabel("Search").fill("");
  });

  it("filters, groups and folds", async () => {
    await page.getByRole("button", { name: "100 Down" }).click();
    await until(async () => (await listedNames(page))[0] === "Stream 00007");
    await rowOf(page, "Stream 00007").getByText(HOSTILE_MESSAGE).waitFor();
    assert.equal(await page.evaluate(() => (window as { harmed?: number }).harmed), undefined);
    await page.getByRole("button", { name: "100 Degraded" }).click();
    await page.getByRole("button", { name: "Groups", exact: true }).click();
    await page.getByRole("button", { name: "Site 7", exact: true, expanded: true }).click();
    await rowOf(page, "Stream 00007").waitFor({ state: "detached" });
    assert.ok((await rows()) <= MOST_ROWS);
  });

  it("had no fault", () => assert.deepEqual(browser.faults, []));
});
