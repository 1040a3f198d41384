import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { request as httpsRequest, type RequestOptions } from "node:https";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { LOOPBACK } from "../../demo/cameras";
import { productFlows } from "../runtime/product-flows";
import { startProduct, writeFlows, type RunningProduct } from "../runtime/support";
import { fixture, projectRoot } from "../support/fixtures";
import { needs } from "../support/needs";
import { Nginx } from "../support/nginx";
import { temporaryFolder } from "../support/temporary-folder";

const PASSWORD = "correct horse battery";
const HOST = "cameras.example.org";

/** The example, on loopback, in front of this product. @param target where the product's pages are */
function example(port: number, target: string): string {
  const text = readFileSync(path.join(projectRoot, "examples", "nginx", "streampulse.conf"), "utf8");
  const changes: [string, string][] = [
    // its other listener would need a port of its own
    [/server \{\s+listen 80;[^}]*\}/.exec(text)?.[0] ?? "", ""],
    ["listen 443 ssl;", `listen ${LOOPBACK}:${port} ssl; access_log off;`],
    ["/etc/ssl/certs/cameras.pem", fixture("tls", "valid.cert.pem")],
    ["/etc/ssl/private/cameras.key", fixture("tls", "valid.key.pem")],
    ["http://127.0.0.1:6969", target.replace(/\/$/, "")],
  ];
  return changes.reduce((changed, [from, to]) => {
    assert.ok(from && changed.includes(from), from);
    return changed.replace(from, to);
  }, text);
}

describe("the product behind nginx, as the example has it", needs("nginx"), () => {
  const folder = temporaryFolder();
  let running: RunningProduct;
  let nginx: Nginx;
  let port: string;
  let origin: string;

  before(async () => {
    const dataDir = path.join(folder, "data");
    writeFlows(dataDir, productFlows);
    running = await startProduct(dataDir, {
      STREAMPULSE_ADMIN_PASSWORD: PASSWORD,
      STREAMPULSE_TRUST_PROXY: "true",
    });
    nginx = new Nginx(folder, (free) => example(free, running.addresses.gui));
    port = new URL(await nginx.start("https")).port;
    origin = `https://${HOST}:${port}`;
  });
  after(async () => {
    await nginx?.stop();
    await running?.stop();
  });

  /** A request as a browser makes it, which knows the proxy's name and port only. */
  function ask(target: string, options: RequestOptions & { body?: string } = {}) {
    const headers = { Host: `${HOST}:${port}`, Origin: origin, ...options.headers };
    const request = httpsRequest({
      ...options,
      headers,
      host: LOOPBACK,
      port,
      path: target,
      servername: HOST,
      rejectUnauthorized: false,
    });
    request.end(options.body);
    return request;
  }
  async function answer(target: string, options?: Parameters<typeof ask>[1]) {
    const [response] = (await once(ask(target, options), "response")) as [IncomingMessage];
    let body = "";
    for await (const chunk of response.setEncoding("utf8")) body += chunk;
    return { status: response.statusCode, headers: response.headers, body };
  }
  const form = { "Content-Type": "application/x-www-form-urlencoded" };
  const login = (password: string, headers: Record<string, string> = {}) =>
    answer("/login", {
      method: "POST",
      headers: { ...form, ...headers },
      body: new URLSearchParams({ password }).toString(),
    });
  const session = async () => (await login(PASSWORD)).headers["set-cookie"]?.[0]?.split(";")[0] ?? "";

  it("signs in with a cookie for TLS only, and answers", async () => {
    const { status, headers } = await login(PASSWORD);
    assert.equal(status, 303);
    assert.match(headers["set-cookie"]?.[0] ?? "", /; Secure$/);
    const page = await answer("/", { headers: { Cookie: await session() } });
    assert.equal(page.status, 200);
  });

  it("opens the dashboard's live connection, to pages of its own name only", async () => {
    const upgrade = {
      Connection: "Upgrade",
      Upgrade: "websocket",
      "Sec-WebSocket-Version": "13",
      "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
      Cookie: await session(),
    };
    const target = "/dashboard/socket.io/?EIO=4&transport=websocket";
    const request = ask(target, { headers: upgrade });
    const [response, socket] = (await once(request, "upgrade")) as [IncomingMessage, NodeJS.Socket];
    assert.equal(response.statusCode, 101);
    (socket as unknown as { destroy(): void }).destroy();
    const stranger = await answer(target, { headers: { ...upgrade, Origin: "https://evil.example" } });
    assert.equal(stranger.status, 403);
  });

  it("lets nobody hide who guesses passwords", async () => {
    const statuses: (number | undefined)[] = [];
    while (!statuses.includes(429) && statuses.length < 12) {
      const { status } = await login("guess", { "X-Forwarded-For": `10.0.0.${statuses.length}` });
      statuses.push(status);
    }
    assert.ok(statuses.includes(429), statuses.join());
  });
});
