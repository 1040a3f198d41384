import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import type { Environment } from "../../runtime/paths";
import { PASSWORD } from "../product/support";
import { signIn, startProduct, type RunningProduct } from "../runtime/support";
import { launchChromium } from "../support/chromium";
import { until } from "../support/until";

/** The product with the shipped flow, and a browser. */
export class SettingsUnderTest {
  /** Everything that the browser was sent, by socket or as an answer, of all pages. */
  readonly seen: string[] = [];
  /** What pages said of themselves: uncaught errors, and requests to anywhere else. */
  readonly faults: string[] = [];
  private cookie = "";

  private constructor(
    readonly running: RunningProduct,
    readonly dataDir: string,
    private readonly browser: Browser,
  ) {}

  /** @param config the text of config.yaml */
  static async start(config: string): Promise<SettingsUnderTest> {
    const test = await SettingsUnderTest.startNew(config, { STREAMPULSE_ADMIN_PASSWORD: PASSWORD });
    test.cookie = await signIn(test.running.addresses.gui, PASSWORD);
    return test;
  }

  /** Where nobody has signed in yet. */
  static async startNew(config: string, env: Environment = {}): Promise<SettingsUnderTest> {
    const dataDir = mkdtempSync(path.join(tmpdir(), "streampulse-settings-"));
    writeFileSync(path.join(dataDir, "config.yaml"), config);
    const [running, browser] = await Promise.all([startProduct(dataDir, env), launchChromium()]);
    return new SettingsUnderTest(running, dataDir, browser);
  }

  get config(): string {
    return readFileSync(path.join(this.dataDir, "config.yaml"), "utf8");
  }
  set config(text: string) {
    writeFileSync(path.join(this.dataDir, "config.yaml"), text);
  }

  /**
   * The page of settings, in a browser of its own that is signed in.
   * @param query behind the page's address: "?tab=mqtt"
   */
  async open(query = "", options: BrowserContextOptions = {}): Promise<Page> {
    const page = await this.newPage(options);
    const [name = "", value = ""] = this.cookie.split("=");
    await page.context().addCookies([{ name, value, url: this.running.addresses.gui }]);
    await this.go(page, query);
    return page;
  }

  /** An empty page in a browser of its own that is not signed in. */
  async newPage(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.browser.newContext({
      viewport: { width: 1280, height: 860 },
      locale: "en-GB",
      timezoneId: "Europe/Lisbon",
      ...options,
    });
    const page = await context.newPage();
    this.watch(page);
    return page;
  }

  /** Loads the page anew. */
  async go(page: Page, query = ""): Promise<void> {
    await page.goto(`${this.running.addresses.gui}dashboard/settings${query}`);
    await page.locator("[role=tabpanel]:visible > *:not(.loading)").first().waitFor();
  }

  /** Asks the dashboard's listener, signed in. */
  async ask<T>(apiPath: string): Promise<T> {
    const { gui } = this.running.addresses;
    const response = await fetch(`${gui}${apiPath}`, { headers: { Cookie: this.cookie } });
    return (await response.json()) as T;
  }

  async untilState(name: string, state: string): Promise<void> {
    const asked = `api/streams/${encodeURIComponent(name)}`;
    await until(async () => (await this.ask<{ state?: string }>(asked)).state === state, 60_000);
  }

  async stop(): Promise<void> {
    await this.browser.close();
    await this.running.stop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  private watch(page: Page): void {
    const { gui } = this.running.addresses;
    page.on("pageerror", (error) => this.faults.push(error.message));
    page.on("request", (request) => {
      if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(gui))
        this.faults.push(request.url());
    });
    page.on("websocket", (socket) =>
      socket.on("framereceived", ({ payload }) => this.seen.push(payload.toString())),
    );
    page.on("response", (response) => {
      response.text().then(
        (text) => this.seen.push(text),
        () => {},
      );
    });
  }
}
