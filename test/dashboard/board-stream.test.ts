import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import type { Download, Page } from "playwright-core";
import { needs } from "../support/needs";
import { until } from "../support/until";
import { BoardUnderTest } from "./board-under-test";
import { rowOf } from "./browser";

/** Of a camera that was ended, perhaps in the middle of a check. */
const MATTER =
  /The host refuses connections on this port|The device closed the connection|no picture arrives/;
const SETTINGS = /\/dashboard\/settings\?edit=/;

describe("the page of one stream", needs("chromium", "ffmpeg"), () => {
  let board: BoardUnderTest;
  let page: Page;

  before(async () => {
    board = await BoardUnderTest.start();
    page = await board.list();
  });
  afterEach(async () => {
    if (!(await page?.getByRole("article").count())) return;
    await page.getByRole("button", { name: "All streams" }).click();
    await page.getByRole("article").waitFor({ state: "detached" });
  });
  after(() => board?.stop());

  async function open(name: string): Promise<void> {
    await rowOf(page, name).getByRole("link").click();
    await page.getByRole("heading", { level: 1, name, exact: true }).waitFor();
  }

  /** How long a step of the last check took. */
  const step = (name: string) =>
    page
      .locator(".waterfall dl > div")
      .filter({ has: page.getByText(name, { exact: true }) })
      .getByText(/^[\d,]+ ms$/);

  it("shows the latency with its states, looks closer, and says what each moment was, by pointer and by keys", async () => {
    await open("Front door");
    const plot = page.getByRole("slider", { name: "Latency and state over time" });
    await plot.locator("path.line[d^='M']").waitFor({ state: "attached" });
    await plot.locator(".band:not(.none)").first().waitFor({ state: "attached" });
    const whole = page.getByRole("button", { name: "Whole time" });

    const marks = () => plot.locator(".times text").allTextContents();
    const whole24h = await marks();
    await plot.focus();
    await page.keyboard.press("End");
    await page
      .locator(".tip")
      .getByText(/^[\d,]+ ms on average \([\d,]+ ms to [\d,]+ ms\)$/)
      .waitFor();
    assert.match((await plot.getAttribute("aria-valuetext")) ?? "", /^(Up|Pending), [\d,]+ ms on average/);
    await page.keyboard.press("+");
    await whole.waitFor();
    await page.keyboard.press("-");
    await whole.waitFor({ state: "detached" });

    const box = await plot.locator("svg").first().boundingBox();
    assert.ok(box);
    const at = (share: number) => [box.x + box.width * share, box.y + 80] as const;
    await until(async () => (await marks()).join() === whole24h.join());
    await page.mouse.move(...at(0.8));
    await page.mouse.down();
    await page.mouse.move(...at(0.9), { steps: 4 });
    await page.mouse.up();
    await whole.waitFor();
    await until(async () => (await marks()).join() !== whole24h.join());
    const zoomed = await marks();
    for (const name of ["Look closer", "Show more time"]) await page.getByRole("button", { name }).click();
    await whole.click();
    await until(async () => (await marks()).join() !== zoomed.join());
    await whole.waitFor({ state: "detached" });
  });

  it("lists what was the matter, why, and for how long", async () => {
    await open("Gate");
    await board.gate.stop();
    const lasting = page.getByRole("listitem").filter({ hasText: "so far" });
    try {
      await lasting.getByText(MATTER).waitFor();
    } finally {
      await board.gate.start();
    }
    // a stream that recovers has to show its picture
    await step("Picture").waitFor();
    await lasting.waitFor({ state: "detached" });
    const past = page.getByRole("listitem").filter({ hasText: MATTER });
    await past
      .first()
      .getByText(/^\d+ s$/)
      .waitFor();
    await past.first().getByText("Down", { exact: true }).waitFor();
  });

  it("lists each check as it comes, also when the address led straight here", async () => {
    await page.goto(`${board.product.running.addresses.gui}dashboard/streams?stream=Front+door`);
    const rows = page.getByRole("row");
    await until(async () => (await rows.count()) > 1);
    assert.deepEqual(await rows.first().getByRole("columnheader").allTextContents(), [
      ...["Time", "State", "Latency", "Message"],
    ]);
    const newest = () => rows.nth(1).getByRole("cell").allTextContents();
    const [time, state, latency, message] = await newest();
    assert.match(time ?? "", /^\d\d:\d\d:\d\d$/);
    assert.equal(state, "Up");
    assert.match(latency?.trim() ?? "", /^[\d,]+ ms$/);
    assert.match(message ?? "", /^RTSP 200/);
    for (let count = 0; count < 3; count++) {
      const known = (await newest())[0];
      await until(async () => (await newest())[0] !== known);
    }
    const at = (await board.product.stream("Front door")).last?.at ?? 0;
    const shown = new Date(at).toLocaleTimeString("en-GB", { timeZone: "Europe/Berlin" });
    await until(async () => ((await newest())[0] ?? "") >= shown);
  });

  it("shows the steps of the last check, and what the picture is", async () => {
    await open("Front door");
    for (const name of ["Connect", "Answer"]) await step(name).waitFor();
    const facts = page.locator(".facts dl > div");
    const fact = (label: string) =>
      facts.filter({ has: page.getByText(label, { exact: true }) }).locator("dd");
    assert.equal(await fact("Picture").textContent(), "H.264 320×240 10 fps");
    assert.equal(await fact("Group").textContent(), "Outside");
    assert.equal(await fact("Tags").textContent(), "north");
    assert.match((await fact("Source").textContent()) ?? "", /^rtsp:\/\/127\.0\.0\.1:\d+$/);
  });

  it("gives its checks as CSV, and the list gives all", async () => {
    const lines = async (download: Download) => readFileSync(await download.path(), "utf8").split("\n");
    const [ofAll] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Export all checks as CSV" }).click(),
    ]);
    const all = await lines(ofAll);
    assert.equal(all[0]?.trim(), "stream,ts,status,latency_ms,message");
    assert.ok(
      all.some((line) => line.startsWith("Gate,")) && all.some((line) => line.startsWith("Nursery,")),
    );
    await open("Nursery");
    const [ofOne] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Export CSV" }).click(),
    ]);
    const [head, ...checks] = (await lines(ofOne)).filter(Boolean);
    assert.equal(head?.trim(), "stream,ts,status,latency_ms,message");
    assert.ok(checks.length > 0 && checks.every((line) => /^Nursery,\d{4}-.*,ok,\d+,HTTP 200/.test(line)));
  });

  it("leads to its settings, and from there back", async () => {
    await open("Front door");
    await page.getByRole("link", { name: "Edit" }).click();
    await page.waitForURL(SETTINGS);
    await until(async () => (await page.getByLabel("Name", { exact: true }).inputValue()) === "Front door");
    await page.goBack();
    await page.getByRole("heading", { level: 1, name: "Front door" }).waitFor();
  });

  for (const name of ["Nursery", "Front door"]) {
    it(`shows the live picture of ${name}, which moves, keeps going and stops`, async () => {
      await open(name);
      const picture = page.getByRole("img", { name: `Live picture of ${name}` });
      await page.getByRole("button", { name: "Show the live picture" }).click();
      await page.getByText("Live", { exact: true }).waitFor();
      const pixels = () => picture.evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
      const first = await pixels();
      assert.ok(first.length > 1000, "a picture with something in it");
      await until(async () => (await pixels()) !== first);
      await page.getByRole("button", { name: "Keep going" }).click();
      await page.getByText("Live", { exact: true }).waitFor();
      const later = await pixels();
      await until(async () => (await pixels()) !== later);
      await page.getByRole("button", { name: "Stop", exact: true }).click();
      await page.getByRole("button", { name: "Show the live picture" }).waitFor();
      assert.equal(await picture.isVisible(), false);
    });
  }

  it("says why there is no live picture, and when it breaks off", async () => {
    await open("Garden");
    await page.getByRole("button", { name: "Show the live picture" }).click();
    await page
      .getByRole("alert")
      .getByText(/no stream under this path/)
      .waitFor();
    await page.getByRole("button", { name: "All streams" }).click();

    await open("Gate");
    await page.getByRole("button", { name: "Show the live picture" }).click();
    await page.getByRole("button", { name: "Keep going" }).click();
    await page.getByText("Live", { exact: true }).waitFor();
    await board.gate.stop();
    await page.getByRole("alert").getByText("The picture broke off: the camera sends no more.").waitFor();
    await board.gate.start();
  });

  it("shows no other stream under the name of one that is gone", async () => {
    const name = "To be deleted";
    await open(name);
    await page.getByRole("button", { name: "All streams" }).click();
    await open("Nursery");
    const file = path.join(board.product.dataDir, "config.yaml");
    const config = JSON.parse(readFileSync(file, "utf8")) as { streams: { name: string }[] };
    board.product.writeConfig({
      ...config,
      streams: config.streams.filter((stream) => stream.name !== name),
    });
    await page.goBack();
    await rowOf(page, name).waitFor({ state: "detached" });
    await page.goBack();
    await page.getByRole("status").getByText("To be deleted").waitFor();
    assert.equal(await page.getByRole("heading", { level: 1 }).count(), 0);
    assert.equal(new URL(page.url()).searchParams.get("stream"), name);
  });

  it("asked nothing of any other machine, and had no fault", () => {
    // a preview that is refused is an answer that the console tells of
    board.browser.faults.splice(0, board.browser.faults.length, ...unexpected(board.browser.faults));
    board.assertNoFault();
  });
});

const unexpected = (faults: readonly string[]) => faults.filter((fault) => !/status of 50[234]/.test(fault));
