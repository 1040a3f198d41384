import type { Browser, Page } from "playwright-core";
import { launchChromium } from "../support/chromium";

/** Node-RED's editor without what it shows to newcomers. */
export const QUIET_EDITOR = {
  telemetry: { enabled: false, updateNotification: false },
  editorTheme: { tours: false },
};

/** Debian's chromium on the editor, and what went wrong on its pages. */
export class EditorBrowser {
  readonly faults: string[] = [];

  private constructor(private readonly browser: Browser) {}

  static async start(): Promise<EditorBrowser> {
    return new EditorBrowser(await launchChromium());
  }

  /** Opens the editor, in a browser of its own. @param login where it asks for one */
  async open(url: string, locale = "en-GB", login?: { name: string; password: string }): Promise<Page> {
    const context = await this.browser.newContext({ viewport: { width: 1400, height: 900 }, locale });
    const page = await context.newPage();
    page.on("pageerror", (error) => this.faults.push(error.stack ?? error.message));
    await page.goto(url);
    if (login) {
      await page.locator("#node-dialog-login-username").fill(login.name);
      await page.locator("#node-dialog-login-password").fill(login.password);
      await page.locator("#node-dialog-login-submit").click();
    }
    await page.locator("#red-ui-workspace-chart .red-ui-flow-node-group").first().waitFor();
    await page.locator("#red-ui-loading-progress").waitFor({ state: "hidden" });
    return page;
  }

  async stop(): Promise<void> {
    await this.browser.close();
  }
}

/** Opens the form of a node of the tab that is shown. */
export async function openForm(page: Page, id: string): Promise<void> {
  await page.locator(`[id="${id}"]`).dblclick();
  await page.locator("#node-dialog-ok").waitFor();
  // the form slides in, and has no buttons to trust until it is there
  await page.locator(".red-ui-tray").evaluate(async (tray) => {
    await Promise.all(tray.getAnimations().map((animation) => animation.finished));
  });
}

/** Closes the form and keeps what stands in it. */
export async function done(page: Page): Promise<void> {
  await page.locator("#node-dialog-ok").click();
  await page.locator(".red-ui-tray").waitFor({ state: "detached" });
}

/** Deploys as a person does. */
export async function deploy(page: Page): Promise<void> {
  const answered = page.waitForResponse(
    (response) => response.request().method() === "POST" && response.url().endsWith("/flows"),
  );
  await page.locator("#red-ui-header-button-deploy").click();
  await answered;
}
