import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { parse } from "yaml";
import { unusedPort } from "../../demo/cameras";
import { MqttBroker } from "../../demo/mqtt-broker";
import { needs } from "../support/needs";
import { until } from "../support/until";
import { SettingsUnderTest } from "./settings-page";

const USER = { username: "cam", password: "s3cr3t-broker" };

describe("MQTT in the settings", needs("chromium"), () => {
  const published: string[] = [];
  const broker = new MqttBroker({
    authenticate: (_client, username, password, done) =>
      done(null, username === USER.username && String(password) === USER.password),
  });
  let settings: SettingsUnderTest;
  let page: Page;

  const field = (name: string) => page.getByRole("textbox", { name, exact: true });
  const test = () => page.getByRole("button", { name: "Test connection" }).click();
  const says = (text: string) => page.getByText(text, { exact: false }).filter({ visible: true }).waitFor();
  const save = () => page.getByRole("button", { name: "Save" }).filter({ visible: true }).click();
  const isSaved = () =>
    page.getByText("Unsaved changes").filter({ visible: true }).waitFor({ state: "detached" });
  const mqtt = () => (parse(settings.config) as { mqtt: Record<string, unknown> }).mqtt;

  before(async () => {
    await broker.start();
    broker.inner.on("publish", ({ topic }, client) => void (client && published.push(topic)));
    settings = await SettingsUnderTest.start(`heartbeat_seconds: 5
streams: []
mqtt: # ours
  enabled: false
  host: 127.0.0.1
  port: ${broker.port}
  username: ${USER.username}
  password: ${USER.password}
`);
    page = await settings.open("?tab=mqtt");
  });
  after(async () => {
    await settings?.stop();
    await broker.stop();
  });

  it("tries a connection with what is typed, and publishes nothing", async () => {
    await test();
    await says(`Connected to the broker 127.0.0.1:${broker.port}.`);
    const port = await unusedPort();
    await field("Port").fill(String(port));
    await test();
    await says(`The broker 127.0.0.1:${port} cannot be reached (ECONNREFUSED)`);
    await field("Port").fill("0");
    await says("This must be from 1 to 65,535.");
    await field("Port").fill(String(broker.port));
    await page.getByLabel("Password").fill("wrong");
    await test();
    await says("does not authorise this client: check mqtt.username and mqtt.password");
    await page.getByLabel("Password").fill("********");
    assert.deepEqual(published, []);
  });

  it("keeps the hidden password from another broker", async () => {
    await field("Host").fill("192.0.2.1");
    await says("Type the password again: the hidden one was for 127.0.0.1.");
    await test();
    await save();
    assert.equal(await page.getByLabel("Password").getAttribute("aria-invalid"), "true");
    assert.equal(mqtt().host, "127.0.0.1");
    await page.getByRole("button", { name: "Discard" }).click();
  });

  it("publishes once it is switched on, and says when it last did", async () => {
    assert.equal(await page.getByText("not yet", { exact: true }).count(), 1);
    await page.getByLabel("Publish over MQTT").check();
    await save();
    await isSaved();
    await says("Connected");
    await until(() => published.includes("streampulse/status"));
    const shown = page.locator("dd").filter({ visible: true }).last();
    await until(async () => /\d\d:\d\d:\d\d/.test((await shown.textContent()) ?? ""));
    assert.match(settings.config, /^mqtt: # ours$/m);
  });

  it("can be stopped and started alone", async () => {
    await page.getByRole("tab", { name: "Services" }).click();
    const card = page.locator("[data-service=mqtt]");
    await card.getByText("Running", { exact: true }).waitFor();
    assert.match((await card.textContent()) ?? "", new RegExp(`Broker\\s*127\\.0\\.0\\.1:${broker.port}`));
    await card.getByRole("button", { name: "Stop" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Stop" }).click();
    await card.getByText("Stopped by hand").waitFor();
    await until(() => broker.inner.connectedClients === 0);
    await page.locator("[data-service=monitor]").getByText("Running", { exact: true }).waitFor();
    await card.getByRole("button", { name: "Start", exact: true }).click();
    await card.getByText("Running", { exact: true }).waitFor();
    await until(() => broker.inner.connectedClients === 1);
    await card.getByRole("button", { name: "Restart" }).click();
    await until(async () => /Restarts\s*1/.test((await card.textContent()) ?? ""));
  });

  it("has sent no password to the browser", () => {
    assert.ok(settings.seen.length > 20);
    assert.equal(settings.seen.filter((text) => text.includes("s3cr3t")).length, 0);
    assert.deepEqual(settings.faults, []);
  });
});
