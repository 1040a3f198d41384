import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { RtspCamera } from "../../demo/cameras";
import { cookieOf, editorToken, post } from "../runtime/support";
import { until } from "../support/until";
import { PASSWORD, ProductUnderTest } from "./support";

/** Everything that leaves the product, searched for the password of a camera. */
describe("a camera's password", () => {
  const secret = "Zx9!tr0ub4dor/3";
  const camera = new RtspCamera({
    streams: [
      { path: "/right", digest: { username: "viewer", password: secret } },
      { path: "/wrong", digest: { username: "viewer", password: "another" } },
    ],
  });
  let product: ProductUnderTest;

  before(async () => {
    await camera.start();
    const user = `viewer:${encodeURIComponent(secret)}@`;
    const at = (cameraPath: string) => camera.url(cameraPath).replace("://", `://${user}`);
    product = await ProductUnderTest.start({
      heartbeat_seconds: 2,
      streams: [
        { name: "right", url: at("/right") },
        { name: "wrong", url: at("/wrong") },
        { name: "raw", url: camera.url("/right").replace("://", `://viewer:${secret}@`) },
        { name: "dead", url: `rtsp://${user}127.0.0.1:1/x` },
        { name: "bad port", url: `rtsp://${user}127.0.0.1:99999/x` },
        { name: "bad scheme", url: `rtmp://${user}127.0.0.1/x` },
        { name: "query", url: `${camera.url("/right")}?password=${encodeURIComponent(secret)}` },
      ],
      mqtt: { enabled: true, host: "127.0.0.1", port: 1, username: "u", password: secret, per_stream: true },
    });
  });
  after(async () => {
    await product?.stop();
    await camera.stop();
  });

  /** The password as it is, as URLs and headers carry it, and as hashes of Basic would. */
  const forms = [secret, encodeURIComponent(secret), Buffer.from(`viewer:${secret}`).toString("base64")];
  const mustNotShow = (what: string, text: string) => {
    for (const form of forms) assert.ok(!text.includes(form), `${what} shows the password as ${form}`);
  };

  it("is in no answer, log line, editor status or file but config.yaml", async () => {
    const { api, gui, editor } = product.running.addresses;
    const login = await editorToken(editor, PASSWORD);
    const { access_token } = (await login.json()) as { access_token: string };
    const statuses = await EditorStatuses.open(editor, access_token);
    try {
      await product.untilState("right", "up");
      await product.untilState("raw", "up");
      await product.untilState("wrong", "degraded");
      await product.untilState("dead", "down");
      product.writeConfig({
        heartbeat_seconds: 2,
        streams: [{ name: "x", url: `rtsp://viewer:${secret}@` }],
      });
      await until(() => product.running.output().includes("streams[0]"));
      await until(() => statuses.text.includes("stream-config") || statuses.text.includes("sp-config"));

      for (const apiPath of [
        "api/status",
        "api/streams",
        "api/streams/right",
        "api/streams/wrong",
        "healthz",
        "api/nothing",
      ]) {
        mustNotShow(apiPath, await (await fetch(`${api}${apiPath}`)).text());
      }
      const cookie = cookieOf(await post(`${gui}login`, { password: PASSWORD }));
      for (const page of ["", "api/streams", "api/status"]) {
        mustNotShow(`page ${page}`, await (await fetch(`${gui}${page}`, { headers: { cookie } })).text());
      }
      for (const adminPath of ["flows", "settings", "nodes", "plugins"]) {
        mustNotShow(adminPath, await (await product.admin("GET", adminPath)).text());
      }
      mustNotShow("the editor's statuses", statuses.text);
    } finally {
      statuses.close();
    }
    await product.running.stop();
    mustNotShow("the log", product.running.output());
    assert.ok(product.running.output().includes("stream"), "the log was read");
    const files = readdirSync(product.dataDir, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    assert.ok(files.some(({ name }) => name === "streams.db"));
    for (const { parentPath, name } of files) {
      if (!name.startsWith("config.yaml"))
        mustNotShow(name, readFileSync(path.join(parentPath, name), "latin1"));
    }
  });
});

/** What the editor is told of the nodes, as its page hears it. */
class EditorStatuses {
  text = "";

  private constructor(private readonly socket: WebSocket) {
    socket.addEventListener("message", ({ data }) => (this.text += String(data)));
  }

  static async open(editor: string, token: string): Promise<EditorStatuses> {
    const socket = new WebSocket(`${editor.replace("http", "ws")}comms`);
    const statuses = new EditorStatuses(socket);
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve);
      socket.addEventListener("error", () => reject(new Error("the editor's socket did not open")));
    });
    socket.send(JSON.stringify({ auth: token }));
    await until(() => statuses.text.includes("auth"));
    socket.send(JSON.stringify({ subscribe: "#" }));
    return statuses;
  }

  close(): void {
    this.socket.close();
  }
}
