import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { MjpegCamera, RtspCamera, unusedPort } from "../../demo/cameras";
import { ProductUnderTest } from "../product/support";
import { needs } from "../support/needs";
import { until } from "../support/until";
import { reveal, rowOf, TestBrowser, type PageOptions } from "./browser";
import { writePast, type Past } from "./past";

/** Set to a folder, the pages are photographed into it. */
const SHOTS = process.env.STREAMPULSE_SCREENSHOTS;
const PLACES = [
  ["Yard", ["Gate", "Driveway", "Parking north", "Parking south", "Loading ramp", "Back door"]],
  ["Hall 1", ["Press line", "Packaging", "Conveyor A", "Conveyor B", "Paint shop", "Robot cell 3"]],
  ["Hall 2", ["Assembly 1", "Assembly 2", "Test bench", "Warehouse east", "Warehouse west"]],
  ["Office", ["Reception", "Corridor", "Server room", "Canteen"]],
] as const;

/** What happened to some of them. */
const TROUBLES: Record<string, Past["troubles"]> = {
  "Parking south": [{ from: 3.2, to: 0, message: "RTSP 404 Not Found" }],
  "Loading ramp": [
    { from: 19, to: 17.6, message: "timeout" },
    { from: 1.4, to: 0, message: "timeout" },
  ],
  "Press line": [{ from: 9.1, to: 8.4, message: "timeout" }],
  "Conveyor B": [
    { from: 21, to: 20.7, message: "timeout" },
    { from: 15, to: 14.6, message: "timeout" },
    { from: 6.2, to: 5.9, message: "timeout" },
  ],
  "Server room": [{ from: 70, to: 64, message: "timeout" }],
  Canteen: [{ from: 12.3, to: 11, message: "RTSP 401 Unauthorized" }],
};

const SCREENS = [
  { name: "phone", width: 390, height: 844, scheme: "light" },
  { name: "tablet", width: 820, height: 1180, scheme: "dark" },
  { name: "desktop", width: 1280, height: 800, scheme: "light" },
] as const;

describe("the looks of the board", needs("chromium"), () => {
  const camera = new RtspCamera({ streams: [{ path: "/live", fps: 25 }], latencyMs: 8 });
  const webcam = new MjpegCamera();
  let product: ProductUnderTest;
  let browser: TestBrowser;

  before(async () => {
    await camera.start();
    const { url: webcamUrl } = await webcam.start();
    const dead = `rtsp://127.0.0.1:${await unusedPort()}/live`;
    const urls: Record<string, string> = {
      "Parking south": camera.url("/channel/2"),
      "Loading ramp": dead,
      "Test bench": webcamUrl,
    };
    const streams = PLACES.flatMap(([group, names]) =>
      names.map((name) => ({
        ...{ name, group, url: urls[name] ?? camera.url("/live") },
        ...(group === "Yard" ? { tags: ["outdoor"] } : {}),
        ...(name === "Corridor" ? { enabled: false } : {}),
      })),
    );
    const pasts = streams.map(({ name, url }, index) => ({
      ...{ name, url, latencyMs: 9 + ((index * 13) % 40) },
      troubles: TROUBLES[name],
    }));
    const config = { heartbeat_seconds: 5, timezone: "Europe/Berlin", probe: { max_per_host: 8 }, streams };
    product = await ProductUnderTest.start(config, {}, undefined, (dataDir) =>
      writePast(path.join(dataDir, "streams.db"), pasts, 30),
    );
    browser = await TestBrowser.start(product.running.addresses.gui);
    await until(isPastImported, 120_000);
    await product.untilState("Loading ramp", "down");
    await product.untilState("Parking south", "degraded");
    await product.untilState("Canteen", "up");
    await (await browser.signIn("/dashboard/streams")).close();
  });
  afterEach(() => browser?.closePages());
  after(async () => {
    await browser?.stop();
    await product?.stop();
    await Promise.all([camera.stop(), webcam.stop()]);
  });

  async function isPastImported(): Promise<boolean> {
    const { parts } = await product.api<{
      parts: { store: { details: { maintenance: { imports: { done: boolean }[] } | null } } };
    }>("healthz");
    const [past] = parts.store.details.maintenance?.imports ?? [];
    return past?.done === true;
  }

  async function open(options: PageOptions): Promise<Page> {
    const page = await browser.open("/dashboard/streams", options);
    // the past is on the screen
    await page.locator(".heartbeat path.down").first().waitFor({ state: "attached" });
    return page;
  }

  async function photograph(page: Page, name: string): Promise<void> {
    if (!SHOTS) return;
    mkdirSync(SHOTS, { recursive: true });
    await page.evaluate(() => window.scrollTo(0, 0));
    await page.screenshot({ path: path.join(SHOTS, `board-${name}.png`) });
  }

  /** Waits until all that is on the screen has its picture. */
  async function untilPictures(page: Page): Promise<void> {
    await until(
      () =>
        page.evaluate(() => {
          const isSeen = (element: Element) => {
            const { top, bottom } = element.getBoundingClientRect();
            return bottom > 0 && top < window.innerHeight;
          };
          const rows = [...document.querySelectorAll(".list [role=listitem]:has(.thumbnail)")];
          const missing = rows.filter((row) => isSeen(row) && !row.querySelector(".thumbnail img"));
          return (
            rows.length > 0 &&
            missing.every((row) => row.matches(":has(.state-mark:is(.down, .degraded, .paused))"))
          );
        }),
      120_000,
    );
  }

  /** Nothing is wider than the window. */
  async function assertFits(page: Page, what: string): Promise<void> {
    const [content, window_] = await page.evaluate(() => [
      document.documentElement.scrollWidth,
      document.documentElement.clientWidth,
    ]);
    assert.ok((content ?? 0) <= (window_ ?? 0), `${what}: ${content} pixels in ${window_}`);
  }

  for (const { name, ...screen } of SCREENS) {
    it(`fits a ${name}`, async () => {
      const page = await open(screen);
      await assertFits(page, "rows");
      await photograph(page, name);
      await page.getByRole("button", { name: "As cards" }).click();
      await assertFits(page, "cards");
      await (await reveal(page, "Conveyor B")).getByRole("link").click();
      await page.locator(".plot path.line[d^='M']").waitFor({ state: "attached" });
      // the head of the table, and the latest 50 checks
      await until(async () => (await page.getByRole("row").count()) === 51);
      await page.getByText("RTSP 200").first().waitFor();
      await assertFits(page, "a stream");
      await photograph(page, `stream-${name}`);
    });
  }

  it("groups in the dark, and shows pictures", needs("ffmpeg"), async () => {
    const memory = { "board.grouped": true, "board.pictures": true };
    const page = await open({ width: 1280, height: 800, scheme: "dark", memory });
    await assertFits(page, "groups with pictures");
    await untilPictures(page);
    await photograph(page, "dark");
  });

  it("is large enough to be read on a wall", async () => {
    const page = await open({
      width: 3840,
      height: 2160,
      scheme: "dark",
      memory: { "board.pictures": true },
    });
    await assertFits(page, "wall");
    const { width, height } = (await rowOf(page, "Gate").boundingBox()) ?? { width: 0, height: 0 };
    assert.ok(width > 400 && height > 200, `a card of ${width} × ${height}`);
  });
});
