import { existsSync } from "node:fs";
import type { Page } from "playwright-core";
import { CHROMIUM, launchChromium } from "../test/support/chromium";
import { answerCalls } from "./child";

/** How long somebody waits for the dashboard's pages, and whether they scroll smoothly. */

export interface DashboardRequest {
  /** With a slash at its end. */
  guiUrl: string;
  password: string;
}

export interface PageFigures {
  /** From the address until the first streams can be read. */
  firstRowsMs: number;
  /** The 95th percentile of a frame's time, while all streams are scrolled through. */
  frameMs: number;
}

export interface DashboardFigures {
  board: PageFigures;
  settings: PageFigures;
}

const LOADS = 5;
const FRAMES = 120;

async function run({ guiUrl, password }: DashboardRequest): Promise<DashboardFigures | undefined> {
  if (!existsSync(CHROMIUM)) return undefined;
  const browser = await launchChromium();
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await page.goto(`${guiUrl}dashboard/streams`);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Sign in" }).click();
    return {
      board: await measure(page, `${guiUrl}dashboard/streams`),
      settings: await measure(page, `${guiUrl}dashboard/settings`),
    };
  } finally {
    await browser.close();
  }
}

async function measure(page: Page, address: string): Promise<PageFigures> {
  const loads: number[] = [];
  for (let count = 0; count <= LOADS; count++) {
    await page.goto(address);
    await page
      .getByText(/^Stream \d+$/)
      .first()
      .waitFor();
    loads.push(await page.evaluate(() => performance.now()));
  }
  // at the first load the browser does not know the files yet
  loads.shift();
  return { firstRowsMs: quantile(loads, 0.5), frameMs: quantile(await scroll(page), 0.95) };
}

/** @returns the time of each frame, milliseconds */
function scroll(page: Page): Promise<number[]> {
  return page.evaluate(async (frames) => {
    const list = document.querySelector("[role=list]");
    const scrolls = list && list.scrollHeight > list.clientHeight;
    const box = scrolls ? list : document.documentElement;
    const times: number[] = [];
    let last = performance.now();
    for (let frame = 1; frame <= frames; frame++) {
      box.scrollTop = (box.scrollHeight * frame) / frames;
      await new Promise((resolve) => requestAnimationFrame(resolve));
      const now = performance.now();
      times.push(now - last);
      last = now;
    }
    return times;
  }, FRAMES);
}

function quantile(values: number[], share: number): number {
  values.sort((a, b) => a - b);
  return values[Math.floor(values.length * share)] as number;
}

answerCalls({ run });
