import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { parse } from "yaml";
import { needs } from "../support/needs";
import { until } from "../support/until";
import { SettingsUnderTest } from "./settings-page";

const CONFIG = `# Ours: keep this.
heartbeat_seconds: 20 # often enough
timezone: UTC
streams:
  - {name: Gate, url: "rtsp://viewer:s3cr3t-url@127.0.0.1:9/live", enabled: false}
mqtt:
  enabled: false
  host: localhost # the broker
  password: s3cr3t-mqtt
`;

describe("what the settings page changes", needs("chromium"), () => {
  let settings: SettingsUnderTest;
  let page: Page;

  const written = () => parse(settings.config) as Record<string, unknown>;
  const tab = (name: string, on = page) => on.getByRole("tab", { name }).click();
  const save = (on = page) => on.getByRole("button", { name: "Save" }).filter({ visible: true }).click();
  const isSaved = (on = page) =>
    on.getByText("Unsaved changes").filter({ visible: true }).waitFor({ state: "detached" });
  const dialog = () => page.getByRole("dialog");

  before(async () => {
    settings = await SettingsUnderTest.start(CONFIG);
    page = await settings.open("?tab=general");
  });
  after(() => settings?.stop());

  it("is live, and leaves comments and order of config.yaml as they are", async () => {
    await page.getByLabel("Heartbeat (seconds)").fill("7,5");
    await page.getByText("This must be a number.").waitFor();
    await page.getByLabel("Heartbeat (seconds)").fill("30");
    await page.getByRole("button", { name: "Use the browser’s" }).click();
    await page.getByLabel("Confirm by (checks)").fill("3");
    await save();
    await isSaved();
    assert.equal(
      settings.config,
      CONFIG.replace("seconds: 20 #", "seconds: 30 #").replace("timezone: UTC", "timezone: Europe/Lisbon") +
        "probe:\n  confirm_failures: 3\n",
    );
    // what is in force: times of the API are written in this zone
    await until(async () => /\+00:00|"ts":""/.test(JSON.stringify(await settings.ask("api/status"))));
  });

  it("takes a key out of the file when its field is emptied", async () => {
    await page.getByLabel("Confirm by (checks)").fill("");
    await save();
    await isSaved();
    assert.doesNotMatch(settings.config, /confirm_failures/);
  });

  it("asks before something typed is lost", async () => {
    await page.getByLabel("Site").fill("Home");
    await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Streams" }).click();
    await dialog().getByText("Leave without saving?").waitFor();
    await dialog().getByRole("button", { name: "Cancel" }).click();
    assert.match(page.url(), /dashboard\/settings/);
    assert.equal(await page.getByLabel("Site").inputValue(), "Home");
    await page.getByRole("button", { name: "Discard" }).click();
    assert.equal(await page.getByLabel("Site").inputValue(), "");
  });

  it("keeps the broker's password hidden, and as it is", async () => {
    await tab("MQTT");
    assert.equal(await page.getByLabel("Password").inputValue(), "********");
    await page.getByLabel("Topic", { exact: true }).fill("cameras/status");
    await page.getByLabel("User name").fill("streampulse");
    await save();
    await isSaved();
    assert.deepEqual(written().mqtt, {
      enabled: false,
      host: "localhost",
      password: "s3cr3t-mqtt",
      topic: "cameras/status",
      username: "streampulse",
    });
    assert.match(settings.config, /host: localhost # the broker/);
  });

  it("says at the field what the server refuses", async () => {
    await page.getByLabel("User name").fill("${NO_SUCH_VARIABLE}");
    await save();
    await page
      .getByText("names the environment variable NO_SUCH_VARIABLE, which is not set", { exact: false })
      .waitFor();
    await page.getByRole("button", { name: "Discard" }).click();
  });

  it("follows the file while nothing is typed", async () => {
    await tab("General");
    settings.config = settings.config.replace("seconds: 30", "seconds: 40");
    await until(async () => (await page.getByLabel("Heartbeat (seconds)").inputValue()) === "40");
  });

  it("tells the second of two editors, and overwrites nothing", async () => {
    const other = await settings.open("?tab=general");
    await page.getByLabel("Heartbeat (seconds)").fill("50");
    await page.getByLabel("Site").fill("Mine");
    await other.getByLabel("Heartbeat (seconds)").fill("60");
    await save(other);
    await isSaved(other);
    await page
      .getByText("config.yaml has changed meanwhile: Heartbeat (seconds).", { exact: false })
      .waitFor();
    await save();
    await page.getByText("Nothing was saved; what you typed is still here.", { exact: false }).waitFor();
    assert.equal(written().heartbeat_seconds, 60);
    await page.getByRole("button", { name: "Load the new state" }).click();
    await page.getByText("In config.yaml now: 60").waitFor();
    assert.equal(await page.getByLabel("Heartbeat (seconds)").inputValue(), "50");
    await save();
    await isSaved();
    assert.equal(written().heartbeat_seconds, 50);
    assert.equal(written().site, "Mine");
    await until(async () => (await other.getByLabel("Heartbeat (seconds)").inputValue()) === "50");
    await other.context().close();
  });

  it("lets changes pass that do not touch each other", async () => {
    await page.getByLabel("Site").fill("Barn");
    settings.config = settings.config.replace("host: localhost", "host: 127.0.0.1");
    await save();
    await isSaved();
    assert.match(settings.config, /host: 127\.0\.0\.1 # the broker/);
    assert.equal(written().site, "Barn");
  });

  it("saves nothing into a file that is broken, and says why", async () => {
    const whole = settings.config;
    settings.config = `${whole}oops: [\n`;
    const banner = page.locator("[data-banner=read-only]");
    await banner.waitFor();
    assert.match((await banner.textContent()) ?? "", /config\.yaml:\d+:\d+/);
    await tab("Streams");
    assert.equal(await page.getByRole("button", { name: "Add stream" }).isDisabled(), true);
    settings.config = whole;
    await banner.waitFor({ state: "detached" });
    assert.equal(await page.getByRole("button", { name: "Add stream" }).isDisabled(), false);
  });

  it("stops, starts and restarts the monitor", async () => {
    await tab("Services");
    const card = page.locator("[data-service=monitor]");
    await card.getByText("Running", { exact: true }).waitFor();
    await card.getByRole("button", { name: "Stop" }).click();
    await dialog().getByRole("button", { name: "Stop" }).click();
    await card.getByText("Stopped by hand").waitFor();
    assert.deepEqual(written().services, { monitor: { stopped: true } });
    await card.getByRole("button", { name: "Start", exact: true }).click();
    await card.getByText("Running", { exact: true }).waitFor();
    assert.equal(written().services, undefined);
    await card.getByRole("button", { name: "Restart" }).click();
    await until(async () => /Restarts\s*1/.test((await card.textContent()) ?? ""));
  });

  it("previews an import and applies what was chosen", async () => {
    await tab("Import");
    const list = page.getByRole("listitem");
    await page.getByLabel("Choose a file …").setInputFiles({
      name: "frigate.yml",
      mimeType: "text/yaml",
      buffer: Buffer.from(`cameras:
  Gate:
    ffmpeg: {inputs: [{path: "rtsp://viewer:s3cr3t-import@127.0.0.1:9/other", roles: [detect]}]}
  back_door:
    ffmpeg: {inputs: [{path: "rtsp://127.0.0.1:9/back", roles: [detect]}]}
  none:
    ffmpeg: {inputs: [{path: "/dev/video0", roles: [detect]}]}
`),
    });
    await page.getByText("Read as Frigate.").waitFor();
    assert.equal(await list.count(), 3);
    await page.getByRole("checkbox", { name: /Gate/ }).uncheck();
    await page.getByRole("button", { name: "Apply 1 stream" }).click();
    await page.getByText("Done: 1 added, 0 changed.").waitFor();
    const { streams } = written() as { streams: { name: string; url: string }[] };
    assert.deepEqual(
      streams.map(({ name }) => name),
      ["Gate", "back_door"],
    );
    assert.equal(streams[0]?.url, "rtsp://viewer:s3cr3t-url@127.0.0.1:9/live");
  });

  it("refuses garbage with a sentence, and takes a large table", async () => {
    await page.getByLabel("Paste the text here").fill("hello, world");
    await page.getByRole("button", { name: "Preview" }).click();
    await page.getByText("This is no list of streams that is known", { exact: false }).waitFor();
    const rows = Array.from(
      { length: 2000 },
      (_, n) => `"Camera ${n} ${"ß".repeat(120)}",rtsp://192.0.2.1/${n}`,
    );
    await page.getByLabel("Choose a file …").setInputFiles({
      name: "large.csv",
      mimeType: "text/csv",
      buffer: Buffer.from(["name,url", ...rows].join("\n")),
    });
    await page.getByRole("button", { name: "Apply 2,000 streams" }).waitFor({ timeout: 60_000 });
    assert.ok((await page.getByRole("listitem").count()) < 60, "only the rows that are seen are there");
    await page.getByRole("button", { name: "Cancel" }).click();
  });

  it("takes a file of 10 MB and not a larger one, and says what is wrong with it", async () => {
    const choose = (name: string, bytes: number) =>
      page.getByLabel("Choose a file …").setInputFiles({
        name,
        mimeType: "text/plain",
        buffer: Buffer.alloc(bytes, "x: ["),
      });
    const before = settings.config;
    await choose("huge.txt", 10 * 1024 * 1024 + 1);
    await page.getByText("huge.txt is larger than 10 MB: is it the right file?").waitFor();
    await choose("garbage.txt", 10 * 1024 * 1024);
    await page.getByText("The text is larger than 5 MB: is it the right one?").waitFor();
    assert.equal(settings.config, before);
    await page.getByRole("button", { name: "Take another" }).click();
  });

  it("makes and revokes tokens", async () => {
    await tab("Account");
    await page.getByLabel("Name", { exact: true }).fill("script");
    await page.getByRole("button", { name: "Create a token" }).click();
    const token = (await page.locator("code", { hasText: /^sp_/ }).textContent()) ?? "";
    const { gui } = settings.running.addresses;
    const status = async () =>
      (await fetch(`${gui}api/uptime`, { headers: { Authorization: `Bearer ${token}` } })).status;
    assert.equal(await status(), 200);
    await page.getByRole("button", { name: "Revoke script" }).click();
    await dialog().getByRole("button", { name: "Revoke", exact: true }).click();
    await dialog().waitFor({ state: "detached" });
    assert.equal(await status(), 401);
  });

  it("has sent no password to the browser, and asked nobody else", () => {
    assert.ok(settings.seen.length > 20);
    assert.equal(settings.seen.filter((text) => text.includes("s3cr3t")).length, 0);
    assert.deepEqual(settings.faults, []);
  });
});
