import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { needs } from "../support/needs";
import { BoardUnderTest } from "./board-under-test";
import { assertAccessible, rowOf } from "./browser";

describe("the board for all, and at all times", needs("chromium"), () => {
  let board: BoardUnderTest;

  before(async () => {
    board = await BoardUnderTest.start();
    await board.list();
  });
  afterEach(() => board?.browser.closePages());
  after(() => board?.stop());

  it("speaks German to a German browser, and what somebody chooses", async () => {
    const page = await board.open({ locale: "de-DE" });
    await rowOf(page, "Garden").getByText("Gestört", { exact: true }).waitFor();
    await rowOf(page, "Garden")
      .getByText("Das Gerät antwortet, hat aber keinen Stream unter diesem Pfad.")
      .waitFor();
    await page.getByLabel("Sprache").selectOption("English");
    await rowOf(page, "Garden").getByText("Degraded", { exact: true }).waitFor();
    await page.reload();
    await rowOf(page, "Garden").getByText("Degraded", { exact: true }).waitFor();
  });

  for (const scheme of ["light", "dark"] as const) {
    it(`keeps nobody out (axe), ${scheme}`, async () => {
      const page = await board.open({ scheme });
      await assertAccessible(page, "rows");
      await page.getByRole("button", { name: "Groups", exact: true }).click();
      await page.getByRole("button", { name: "Up", exact: false }).first().click();
      await assertAccessible(page, "groups and a filter");
      await page.getByRole("button", { name: "As cards" }).click();
      await assertAccessible(page, "cards");
      await page.getByRole("button", { name: "What it means" }).click();
      await assertAccessible(page, "legend");
      await page.keyboard.press("Escape");
      await page.getByRole("link", { name: "Front door", exact: true }).click();
      await page.getByRole("row").nth(2).waitFor();
      await assertAccessible(page, "a stream");
      await page.getByRole("button", { name: "Delete" }).click();
      await assertAccessible(page, "the question before deleting");
    });
  }

  it("goes on after a deploy, and after the server was gone", async () => {
    const page = await board.list();
    const flow = (await (
      await board.product.admin("GET", "flows", undefined, { "Node-RED-API-Version": "v2" })
    ).json()) as object;
    const headers = { "Node-RED-API-Version": "v2", "Node-RED-Deployment-Type": "full" };
    assert.equal((await board.product.admin("POST", "flows", flow, headers)).status, 200);
    await board.product.untilState("Gate", "up");
    await board.gate.stop();
    await rowOf(page, "Gate").getByText("Down", { exact: true }).waitFor();
    await rowOf(page, "Gate").click();
    await page.getByRole("row").nth(2).waitFor();
    await page.getByRole("button", { name: "All streams" }).click();

    process.kill(board.product.running.product.pid ?? 0, "SIGKILL");
    await page.getByText("The connection to StreamPulse is lost.").waitFor();
    await rowOf(page, "Gate").waitFor();
    await board.gate.start();
    await page
      .getByText("The connection to StreamPulse is lost.")
      .waitFor({ state: "detached", timeout: 60_000 });
    await rowOf(page, "Gate").getByText("Up", { exact: true }).waitFor({ timeout: 60_000 });
    // while nobody answered, the browser said so in its console
    board.browser.faults.splice(0);
  });

  it("leads whoever was signed out meanwhile to the login", async () => {
    const page = await board.browser.signIn("/dashboard/streams");
    await rowOf(page, "Gate").waitFor();
    const { gui } = board.product.running.addresses;
    await page.request.post(`${gui}logout`, { headers: { origin: new URL(gui).origin }, maxRedirects: 0 });
    await page.getByLabel("Password").waitFor();
    // the browser says in its console that it was refused
    board.browser.faults.splice(0);
  });

  it("asked nothing of any other machine, and had no fault", () => {
    board.assertNoFault();
  });
});
