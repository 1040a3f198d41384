import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { MjpegCamera, RtspCamera, unusedPort } from "../../demo/cameras";
import { ProductUnderTest } from "../product/support";
import { answering, rtsp, ScriptedCamera } from "../support/scripted-camera";
import { rowOf, TestBrowser, type PageOptions } from "./browser";

/** What somebody might call a camera to do harm, and what only looks odd. */
export const ODD_NAMES = [
  `<img src=x onerror="window.harmed=1">`,
  `"><script>window.harmed=2</script>`,
  "{{constructor.constructor('window.harmed=3')()}}",
  "${window.harmed=4}",
  "كاميرا \u202Egnp.exe\u202C الباب",
  "📷 👨‍👩‍👧 Küche/Flur #1?",
  "W".repeat(200),
];

/** The product with cameras, some of which are fine, and a browser that is signed in. */
export class BoardUnderTest {
  private shared?: Page;

  private constructor(
    readonly product: ProductUnderTest,
    readonly browser: TestBrowser,
    /** The camera of the stream "Gate", to be stopped and started. */
    readonly gate: RtspCamera,
    /** What is to be ended, in this order. */
    private readonly parts: { stop(): Promise<void> }[],
  ) {}

  static async start(): Promise<BoardUnderTest> {
    const house = new RtspCamera({ streams: [{ path: "/front", audio: true }] });
    const nursery = new MjpegCamera();
    // a product that is started again would get other ports than before
    const gate = new RtspCamera({ streams: [{ path: "/gate" }], port: await unusedPort() });
    const [, { url: gateUrl }, { url: nurseryUrl }] = [
      await house.start(),
      await gate.start(),
      await nursery.start(),
    ];
    const busy = await ScriptedCamera.start(answering((request) => rtsp(request, "503 Service Unavailable")));
    const odd = { group: "<i>Odd</i>", tags: ["<u>x</u>"], url: busy.url() };
    const config = {
      ...{ heartbeat_seconds: 2, timezone: "Europe/Berlin" },
      streams: [
        { name: "Front door", group: "Outside", tags: ["north"], url: house.url("/front") },
        { name: "Garden", group: "Outside", url: house.url("/nowhere") },
        { name: "Nursery", group: "Inside", url: nurseryUrl },
        { name: "Gate", group: "Outside", url: gateUrl },
        { name: "To be deleted", url: house.url("/front") },
        ...ODD_NAMES.map((name) => ({ name, ...odd })),
      ],
    };
    const parts: { stop(): Promise<void> }[] = [house, nursery, busy];
    try {
      const port = await unusedPort();
      const product = await ProductUnderTest.start(config, { STREAMPULSE_GUI_PORT: String(port) });
      parts.unshift(product);
      const browser = await TestBrowser.start(product.running.addresses.gui);
      parts.unshift(browser);
      await product.untilState("Gate", "up");
      return new BoardUnderTest(product, browser, gate, parts);
    } catch (error) {
      await Promise.all([gate, ...parts].map((part) => part.stop()));
      throw error;
    }
  }

  /** The page of all streams that the tests of a file share, because to load the dashboard takes seconds. */
  async list(): Promise<Page> {
    this.shared ??= await this.browser.signIn("/dashboard/streams");
    await rowOf(this.shared, "Gate").waitFor();
    return this.shared;
  }

  /** All streams, in another browser that is signed in. */
  async open(options: PageOptions): Promise<Page> {
    const page = await this.browser.open("/dashboard/streams", options);
    await rowOf(page, "Gate").waitFor();
    return page;
  }

  /** No page asked another machine for anything, and none had an error. */
  assertNoFault(): void {
    assert.deepEqual([...this.browser.hosts], [new URL(this.product.running.addresses.gui).host]);
    assert.deepEqual(this.browser.faults, []);
  }

  async stop(): Promise<void> {
    for (const part of [...this.parts, this.gate]) await part.stop();
  }
}
