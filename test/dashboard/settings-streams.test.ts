import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { parse, stringify } from "yaml";
import type { Page } from "playwright-core";
import { RtspCamera } from "../../demo/cameras";
import { needs } from "../support/needs";
import { until } from "../support/until";
import { SettingsUnderTest } from "./settings-page";

interface Written {
  streams: Record<string, unknown>[];
}

const XSS = '<img src=x onerror="window.hacked=1">';

describe("the list of streams in the settings", needs("chromium"), () => {
  const camera = new RtspCamera({
    streams: [{ path: "/live" }, { path: "/gate", digest: { username: "admin", password: "s3cr3t-gate" } }],
  });
  let settings: SettingsUnderTest;
  let page: Page;

  const streams = () => (parse(settings.config) as Written).streams;
  const written = (name: string) => streams().find((stream) => stream.name === name);
  const form = () => page.getByRole("dialog");
  const shows = (text: string) => page.getByText(text, { exact: true }).first().waitFor();

  before(async () => {
    await camera.start();
    settings = await SettingsUnderTest.start(`# ours
heartbeat_seconds: 2
streams:
  # the old one
  - name: Gate
    url: ${camera.url("/gate").replace("://", "://admin:s3cr3t-gate@")}
    group: outdoor
  - name: '${XSS}'
    url: ${camera.url("/live")}
    enabled: false
  - {name: Attic, url: "http://127.0.0.1:9/mjpg", enabled: false}
`);
    page = await settings.open("?add");
  });
  after(async () => {
    await settings?.stop();
    await camera.stop();
  });

  it("adds one, tried before it is saved", async () => {
    await form().getByLabel("Name", { exact: true }).fill("Yard");
    const url = form().getByLabel("URL", { exact: true });
    await url.fill("ftp://camera/x");
    await shows("Must begin with rtsp://, rtsps://, http:// or https://, not ftp://.");
    assert.equal(await url.getAttribute("aria-invalid"), "true");
    await url.fill(camera.url("/nowhere"));
    await form().getByRole("button", { name: "Test" }).click();
    await shows("Reachable, but no full picture");
    await form().getByText("The device answers, but has no stream under this path").waitFor();
    await url.fill(camera.url("/live"));
    await form().getByRole("button", { name: "Test" }).click();
    await shows("Works");
    assert.equal(written("Yard"), undefined, "a test saves nothing");
    await form().getByLabel("Group").fill("garden");
    await form().getByLabel("Tags").fill("north, old");
    await form().getByText("Settings of its own").click();
    await form().getByLabel("Heartbeat (seconds)").fill("1");
    await shows("This must be from 2 to 3,600.");
    await form().getByLabel("Heartbeat (seconds)").fill("3");
    await form().getByRole("button", { name: "Add", exact: true }).click();
    await form().waitFor({ state: "detached" });
    assert.deepEqual(written("Yard"), {
      name: "Yard",
      url: camera.url("/live"),
      group: "garden",
      tags: ["north", "old"],
      heartbeat_seconds: 3,
    });
    await page.getByRole("button", { name: "Yard", exact: true }).waitFor();
    await settings.untilState("Yard", "up");
  });

  it("refuses a name that is taken", async () => {
    await page.getByRole("button", { name: "Add stream" }).click();
    await form().getByLabel("Name", { exact: true }).fill("Gate");
    await shows("Another stream has this name.");
    await form().getByRole("button", { name: "Add", exact: true }).click();
    await shows("This must not be empty.");
    await page.keyboard.press("Escape");
    await shows("What you typed is not saved.");
    await form().getByRole("button", { name: "Discard" }).click();
    await form().waitFor({ state: "detached" });
  });

  it("renames one: its history and its hidden password stay", async () => {
    await settings.untilState("Gate", "up");
    const checksOf = (name: string) =>
      settings.ask<unknown[]>(`api/streams/${encodeURIComponent(name)}/history?limit=1000`);
    const before = JSON.stringify(await checksOf("Gate"));
    await settings.go(page, "?edit=Gate");
    assert.match(await form().getByLabel("URL", { exact: true }).inputValue(), /^rtsp:\/\/admin:\*{8}@127/);
    await form().getByRole("button", { name: "Test" }).click();
    await shows("Works");
    const url = form().getByLabel("URL", { exact: true });
    const masked = await url.inputValue();
    await url.fill(masked.replace("127.0.0.1", "192.0.2.1"));
    await shows("Type the password again: the hidden one was for rtsp://127.0.0.1.");
    await form().getByRole("button", { name: "Save" }).click();
    await shows("Type the password again: the hidden one was for rtsp://127.0.0.1.");
    assert.equal(await url.getAttribute("aria-invalid"), "true");
    await url.fill(masked);
    await form().getByLabel("Name", { exact: true }).fill("Front gate");
    await form().getByRole("button", { name: "Save" }).click();
    await form().waitFor({ state: "detached" });
    await until(() => new URL(page.url()).searchParams.get("edit") === null);
    assert.match(settings.config, /^# ours\n/);
    assert.match(
      settings.config,
      / {2}# the old one\n {2}- name: Front gate\n {4}url: rtsp:\/\/admin:s3cr3t-gate@/,
    );
    await settings.untilState("Front gate", "up");
    const oldest = /"at":(\d+)/.exec(before.split("},{").at(-1) ?? before)?.[1] as string;
    await until(async () => JSON.stringify(await checksOf("Front gate")).includes(oldest));
  });

  it("copies one with its password", async () => {
    await page.getByRole("button", { name: "Duplicate Front gate" }).click();
    await form().getByRole("button", { name: "Cancel" }).click();
    await form().getByRole("button", { name: "Discard" }).click();
    await page.getByRole("button", { name: "Edit Front gate" }).click();
    await form().getByRole("button", { name: "Duplicate" }).click();
    await form().getByRole("heading", { name: "Duplicate a stream" }).waitFor();
    assert.equal(await form().getByLabel("Name", { exact: true }).inputValue(), "Front gate copy");
    await form().getByRole("button", { name: "Add", exact: true }).click();
    await form().waitFor({ state: "detached" });
    assert.equal(written("Front gate copy")?.url, written("Front gate")?.url);
  });

  it("switches one off and on", async () => {
    const toggle = page.getByRole("switch", { name: "Watch Front gate copy" });
    await toggle.click();
    await until(() => written("Front gate copy")?.enabled === false);
    await page.getByRole("switch", { name: "Watch Front gate copy", checked: false }).click();
    await until(() => !("enabled" in (written("Front gate copy") ?? { enabled: 0 })));
  });

  it("deletes one, and its history only when asked to", async () => {
    await page.getByRole("button", { name: "Delete Front gate copy" }).click();
    await form().getByLabel("Keep the history").uncheck();
    await form().getByText("deleted for good").waitFor();
    await form().getByRole("button", { name: "Delete", exact: true }).click();
    await form().waitFor({ state: "detached" });
    assert.equal(written("Front gate copy"), undefined);
    await page.getByRole("switch", { name: "Watch Front gate copy" }).waitFor({ state: "detached" });
  });

  it("deletes several that were chosen", async () => {
    await page.getByRole("checkbox", { name: "Choose Attic" }).check();
    await page.getByRole("checkbox", { name: `Choose ${XSS}` }).check();
    await page.getByRole("button", { name: "Delete 2 …" }).click();
    await form().getByText(XSS, { exact: true }).waitFor();
    await form().getByRole("button", { name: "Cancel" }).click();
    assert.equal(streams().length, 4);
  });

  it("adds many from pasted lines", async () => {
    await page.getByRole("button", { name: "Add many …" }).click();
    await form()
      .getByRole("textbox")
      .fill(
        "rtsp://viewer:s3cr3t-many@192.0.2.7/ch1\n\nPorch, rtsp://192.0.2.8/a\nrtsp://192.0.2.7/ch2\nOdd,rtmp://x/y",
      );
    await form().getByRole("button", { name: "Preview" }).click();
    const rows = form().getByRole("listitem");
    await rows.first().waitFor();
    assert.equal(await rows.count(), 4);
    // what is applied is what was looked at
    const apply = form().getByRole("button", { name: /^Apply/ });
    await form().getByRole("textbox").press("End");
    await form().getByRole("textbox").press("Backspace");
    await rows.first().waitFor({ state: "detached" });
    assert.equal(await apply.count(), 0);
    await form().getByRole("button", { name: "Preview" }).click();
    await rows.first().waitFor();
    await form().getByLabel("Format").selectOption("csv");
    await rows.first().waitFor({ state: "detached" });
    await form().getByRole("button", { name: "Preview" }).click();
    await rows.first().waitFor();
    await form().getByRole("checkbox", { name: /Porch/ }).uncheck();
    await form().getByRole("button", { name: "Apply 2 streams" }).click();
    await form().getByText("Done: 2 added, 0 changed.").waitFor();
    assert.deepEqual(
      streams()
        .slice(-2)
        .map(({ name, url }) => [name, url]),
      [
        ["192.0.2.7 ch1", "rtsp://viewer:s3cr3t-many@192.0.2.7/ch1"],
        ["192.0.2.7 ch2", "rtsp://192.0.2.7/ch2"],
      ],
    );
  });

  it("reads a list that is dropped, also one in the code page of Windows, and keeps it until it is let go", async () => {
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Add many …" }).click();
    const list = '#EXTM3U\n#EXTINF:-1 group-title="B\u00fcro",K\u00fcche\nrtsp://192.0.2.20/k\n';
    const transfer = await page.evaluateHandle((text) => {
      const dropped = new DataTransfer();
      const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
      dropped.items.add(new File([bytes], "list.m3u"));
      return dropped;
    }, list);
    await form().locator(".import-source").dispatchEvent("drop", { dataTransfer: transfer });
    await form().getByText("Read as M3U.").waitFor();
    await form().getByRole("checkbox", { name: /Küche/ }).waitFor();
    await page.keyboard.press("Escape");
    await form().getByText("What you typed is not saved.").waitFor();
    await form().getByRole("button", { name: "Keep editing" }).click();
    await form().getByRole("checkbox", { name: /Küche/ }).waitFor();
    await form().getByRole("button", { name: "Cancel" }).click();
    await form().getByRole("button", { name: "Discard" }).click();
    await form().waitFor({ state: "detached" });
    assert.equal(streams().length, 6);
  });

  it("makes a new one of what stands in the form when somebody deletes it meanwhile", async () => {
    await page.getByRole("button", { name: "Edit Yard" }).click();
    await form().getByLabel("Group").fill("garden north");
    const config = parse(settings.config) as Written;
    settings.config = stringify({ ...config, streams: config.streams.filter(({ name }) => name !== "Yard") });
    await form().getByRole("button", { name: "Make it a new stream" }).click();
    await form().getByRole("button", { name: "Add", exact: true }).click();
    await form().waitFor({ state: "detached" });
    assert.deepEqual(written("Yard"), {
      name: "Yard",
      url: camera.url("/live"),
      group: "garden north",
      tags: ["north", "old"],
      heartbeat_seconds: 3,
    });
  });

  it("shows names as text", async () => {
    await page.getByRole("button", { name: XSS, exact: true }).click();
    assert.equal(await form().getByRole("heading").textContent(), `Edit ${XSS}`);
    assert.equal(await page.evaluate(() => (window as unknown as { hacked?: number }).hacked), undefined);
    assert.equal(await page.locator("[onerror]").count(), 0);
    await page.keyboard.press("Escape");
  });

  it("finds one by any word", async () => {
    await page.getByRole("searchbox").fill("GARDEN nor");
    await page.getByText("1 found").waitFor();
    await page.getByRole("button", { name: "Yard", exact: true }).waitFor();
  });

  it("has sent no password to the browser, and asked nobody else", () => {
    assert.ok(settings.seen.length > 20);
    assert.equal(settings.seen.filter((text) => text.includes("s3cr3t")).length, 0);
    assert.deepEqual(settings.faults, []);
  });
});
