import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Browser, BrowserContext, Cookie, Locator, Page } from "playwright-core";
import { PASSWORD } from "../product/support";
import { launchChromium } from "../support/chromium";
import { projectRoot } from "../support/fixtures";
import { until } from "../support/until";

export interface PageOptions {
  width?: number;
  height?: number;
  scheme?: "light" | "dark";
  locale?: string;
  /** What the browser remembers of the page, by name. */
  memory?: Record<string, unknown>;
}

/** A browser, and what its pages did that they should not. */
export class TestBrowser {
  /** Errors of scripts, messages of the console that are errors, and what the policy refused. */
  readonly faults: string[] = [];
  /** Every host that a page asked for anything. */
  readonly hosts = new Set<string>();
  private readonly contexts: BrowserContext[] = [];
  private cookies: Cookie[] = [];

  private constructor(
    private readonly browser: Browser,
    /** With a slash at the end. */
    private readonly address: string,
  ) {}

  /** @param address of the dashboard's listener */
  static async start(address: string): Promise<TestBrowser> {
    return new TestBrowser(await launchChromium(), address);
  }

  /** Signs in as a person does who wanted to go somewhere. Later pages are signed in from the beginning. */
  async signIn(target: string): Promise<Page> {
    this.cookies = [];
    const context = await this.newContext({});
    const page = await context.newPage();
    await page.goto(`${this.address}${target.slice(1)}`);
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL(`**${target}`);
    this.cookies = await context.cookies();
    return page;
  }

  /** A page in a browser of its own, until the test ends. */
  async open(target: string, options: PageOptions): Promise<Page> {
    const context = await this.newContext(options);
    this.contexts.push(context);
    const page = await context.newPage();
    await page.goto(`${this.address}${target.slice(1)}`);
    return page;
  }

  /** Closes what a test has opened. */
  async closePages(): Promise<void> {
    await Promise.all(this.contexts.splice(0).map((context) => context.close()));
  }

  async stop(): Promise<void> {
    await this.browser.close();
  }

  private async newContext({
    width = 1440,
    height = 900,
    scheme = "light",
    locale = "en-GB",
    memory = {},
  }: PageOptions): Promise<BrowserContext> {
    const context = await this.browser.newContext({
      ...{ viewport: { width, height }, colorScheme: scheme, locale, reducedMotion: "reduce" },
    });
    await context.addCookies(this.cookies);
    await context.addInitScript((kept) => {
      for (const [name, value] of Object.entries(kept)) {
        localStorage.setItem(`streampulse.${name}`, JSON.stringify(value));
      }
    }, memory);
    context.on("page", (page) => this.watch(page));
    return context;
  }

  private watch(page: Page): void {
    page.on("request", (request) => this.hosts.add(new URL(request.url()).host));
    page.on("websocket", (socket) => this.hosts.add(new URL(socket.url()).host));
    page.on("pageerror", (error) => this.faults.push(error.stack ?? error.message));
    page.on("console", (message) => {
      if (message.type() === "error") this.faults.push(message.text());
    });
  }
}

/** The line of one stream in the list. */
export function rowOf(page: Page, name: string): Locator {
  return page.getByRole("listitem").filter({ has: page.getByRole("link", { name, exact: true }) });
}

/**
 * The line of one stream, scrolled to: only those near the screen are in the page, and what stands above the list may
 * push it down.
 */
export async function reveal(page: Page, name: string): Promise<Locator> {
  const row = rowOf(page, name);
  await page.evaluate(() => window.scrollTo(0, 0));
  await until(async () => {
    if ((await row.count()) > 0) return true;
    await page.evaluate(() => window.scrollBy(0, window.innerHeight / 2));
    return false;
  });
  await row.scrollIntoViewIfNeeded();
  return row;
}

/** The names of the list, from top to bottom. */
export function listedNames(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const links = [...document.querySelectorAll<HTMLElement>(".list [data-key]")];
    const placed = links.map((link) => ({ text: link.textContent, box: link.getBoundingClientRect() }));
    return placed
      .sort((one, other) => one.box.top - other.box.top || one.box.left - other.box.left)
      .map(({ text }) => text);
  });
}

interface Violation {
  id: string;
  impact: string | null;
  help: string;
  nodes: { html: string; failureSummary?: string }[];
}

const axe = readFileSync(path.join(projectRoot, "node_modules/axe-core/axe.min.js"), "utf8");

/** Looks for what keeps people from using the page (axe-core); fails with what is serious. */
export async function assertAccessible(page: Page, what: string): Promise<void> {
  await page.evaluate(axe);
  const violations = await page.evaluate(async () => {
    const runner = (
      window as unknown as {
        axe: {
          run(context: object, options: object): Promise<{ violations: Violation[] }>;
        };
      }
    ).axe;
    // Dashboard keeps empty tooltips for the navigation that it does not show
    const context = { include: [["html"]], exclude: [[".v-overlay-container"]] };
    return (await runner.run(context, { resultTypes: ["violations"] })).violations;
  });
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  const shown = serious.map(
    ({ id, help, nodes }) =>
      `${id}: ${help}\n${nodes
        .slice(0, 3)
        .map(({ html, failureSummary }) => `  ${html.slice(0, 200)}\n  ${failureSummary}`)
        .join("\n")}`,
  );
  assert.deepEqual(shown, [], `${what}:\n${shown.join("\n")}`);
}
