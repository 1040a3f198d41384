import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { needs } from "../support/needs";
import { assertAccessible } from "./browser";
import { SettingsUnderTest } from "./settings-page";

const FIRST = "correct horse battery";
const SECOND = "staple it to the wall";

describe("the account, from the set-up page on", needs("chromium"), () => {
  let settings: SettingsUnderTest;
  let page: Page;
  let gui: string;

  const path = () => new URL(page.url()).pathname;
  const dialog = () => page.getByRole("dialog");
  const says = (text: string, on = page) =>
    on.getByText(text, { exact: true }).filter({ visible: true }).waitFor();

  async function signIn(password: string, on = page): Promise<void> {
    await on.getByLabel("Password").fill(password);
    await on.getByRole("button", { name: "Sign in" }).click();
  }

  before(async () => {
    settings = await SettingsUnderTest.startNew("streams: []\n");
    ({ gui } = settings.running.addresses);
    page = await settings.newPage();
  });
  after(() => settings?.stop());

  it("begins with a password of one's own, by the code of the log", async () => {
    await page.goto(gui);
    assert.equal(path(), "/setup");
    await assertAccessible(page, "set-up");
    const code = /one-time code ([0-9A-Z-]{14})/.exec(settings.running.output())?.[1] ?? "";
    await page.getByLabel("One-time code").fill("ABCD-EFGH-JKMN");
    await page.getByLabel("New password", { exact: true }).fill(FIRST);
    await page.getByLabel("New password again").fill(FIRST);
    await page.getByRole("button", { name: "Set the password" }).click();
    await says("This is not the code that the log shows.");
    await page.getByLabel("One-time code").fill(code.toLowerCase().replaceAll("-", " "));
    await page.getByLabel("New password", { exact: true }).fill("short");
    await page.getByLabel("New password again").fill("short");
    await page.getByRole("button", { name: "Set the password" }).click();
    await says("Choose at least 10 characters.");
    await page.getByLabel("New password", { exact: true }).fill(FIRST);
    await page.getByLabel("New password again").fill(FIRST);
    await page.getByRole("button", { name: "Set the password" }).click();
    await page.waitForURL("**/dashboard/streams");
  });

  it("leads whoever signs in to where they wanted", async () => {
    const other = await settings.newPage();
    await other.goto(`${gui}settings`);
    await assertAccessible(other, "login");
    await signIn("a wrong password", other);
    await says("The password is wrong.", other);
    await signIn(FIRST, other);
    await other.waitForURL("**/dashboard/settings");
    await other.context().close();
  });

  it("changes the password, and signs everybody else out", async () => {
    const other = await settings.newPage();
    await other.goto(`${gui}dashboard/settings?tab=account`);
    await signIn(FIRST, other);
    await other.getByRole("tab", { name: "Account" }).waitFor();

    await settings.go(page, "?tab=account");
    const change = () => page.getByRole("button", { name: "Change the password" }).click();
    const fill = async (old: string, fresh: string, repeated: string) => {
      await page.getByLabel("Present password").fill(old);
      await page.getByLabel("New password", { exact: true }).fill(fresh);
      await page.getByLabel("New password, again").fill(repeated);
      await change();
    };
    await change();
    await page.getByText("This must not be empty.").first().waitFor();
    await fill(FIRST, "short", "short");
    await says("This must have at least 10 characters.");
    await fill(FIRST, SECOND, "something else");
    await says("This is not the same.");
    await fill("a wrong password", SECOND, SECOND);
    await says("The password is wrong.");
    await fill(FIRST, SECOND, SECOND);
    await says("The password is changed. Everybody else is signed out.");
    assert.equal(await page.getByLabel("Present password").inputValue(), "");

    await other.reload();
    assert.equal(new URL(other.url()).pathname, "/login");
    await signIn(FIRST, other);
    await says("The password is wrong.", other);
    await signIn(SECOND, other);
    await other.waitForURL("**/dashboard/settings?tab=account");
    await other.context().close();
  });

  it("signs out everywhere", async () => {
    await page.getByRole("button", { name: "Sign out everywhere" }).click();
    await dialog().getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Sign out everywhere" }).click();
    await dialog().getByRole("button", { name: "Sign out everywhere" }).click();
    await page.waitForURL("**/login");
    await page.goto(`${gui}dashboard/streams`);
    assert.equal(path(), "/login");
    await signIn(SECOND);
    await page.waitForURL("**/dashboard/streams");
  });

  it("signs out here alone", async () => {
    await page.goto(`${gui}logout`);
    await assertAccessible(page, "sign out");
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.waitForURL("**/login");
  });

  it("asked nobody else, and had no fault", () => assert.deepEqual(settings.faults, []));
});
