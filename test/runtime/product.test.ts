import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, statSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { connect, type Socket } from "node:net";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { temporaryFolder } from "../support/temporary-folder";
import { until } from "../support/until";
import { productFlows } from "./product-flows";
import {
  cookieOf,
  editorToken,
  post,
  rawGet,
  rawRequest,
  signIn,
  startProduct,
  writeFlows,
  type RunningProduct,
} from "./support";

const PASSWORD = "correct horse battery";
const folder = temporaryFolder();

interface Echo {
  access: string | null;
  headers: Record<string, string>;
  rawHeaders: string[];
  params: Record<string, string>;
}

/** One product for all of these: each part leaves it as the next one expects. */
describe("the product", () => {
  const dataDir = path.join(folder, "first");
  let running: RunningProduct;
  let api: string;
  let gui: string;
  let editor: string;
  let session: string;

  before(async () => {
    writeFlows(dataDir, productFlows);
    running = await startProduct(dataDir);
    ({ api, gui, editor } = running.addresses);
  });
  after(async () => {
    await running?.stop();
  });

  const get = (url: string, headers: Record<string, string> = {}) =>
    fetch(url, { redirect: "manual", headers });
  const echo = async (url: string, headers: Record<string, string> = {}) =>
    (await (await get(url, headers)).json()) as Echo;

  /** Opens the dashboard's WebSocket by hand; resolves with the status, and the socket when it is open. */
  const openSocket = async (
    url: string,
    headers: string[],
    target = "/dashboard/socket.io/?EIO=4&transport=websocket",
  ) => {
    const { port, host } = new URL(url);
    const socket: Socket = connect(Number(port), "127.0.0.1");
    socket.on("error", () => {});
    socket.write(
      [
        `GET ${target} HTTP/1.1`,
        `Host: ${host}`,
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        ...headers,
        "\r\n",
      ].join("\r\n"),
    );
    const [chunk] = (await once(socket, "data")) as [Buffer];
    return { status: Number(chunk.toString().split(" ")[1]), socket };
  };

  describe("before a password is chosen", () => {
    it("answers the public API and its health", async () => {
      assert.equal((await echo(`${api}api/status`)).access, "anybody");
      const health = await get(`${api}healthz`);
      assert.equal(health.status, 200);
      const { status, process } = (await health.json()) as { status: string; process: { rssBytes: number } };
      assert.equal(status, "starting");
      assert.ok(process.rssBytes > 1e7);
      assert.equal((await get(`${gui}healthz`)).status, 200);
    });

    it("leads every page to the set-up and refuses all else", async () => {
      for (const target of ["/", "/dashboard/page1", "/preview/x"]) {
        const { status, head } = await rawGet(gui, target, ["Accept: text/html"]);
        assert.equal(status, 303, target);
        assert.match(head, /\r\nLocation: \/setup\r\n/);
      }
      assert.equal((await get(`${gui}login`)).headers.get("location"), "/setup");
      for (const place of ["api/streams/x", "dashboard/page1", "auth/tokens"]) {
        const response = await get(gui + place);
        assert.equal(response.status, 403, place);
        assert.match(await response.text(), /"setup_needed"/);
      }
      assert.equal((await post(`${gui}login`, { password: "" })).headers.get("location"), "/setup");
    });

    it("keeps the editor shut", async () => {
      for (const place of ["", "flows", "settings", "auth/login", "nodes", "red/red.min.js", "preview/x"]) {
        assert.equal((await get(editor + place)).status, 403, place);
      }
      assert.equal((await editorToken(editor, "")).status, 403);
      assert.match((await rawGet(editor, "/", ["Accept: text/html"])).body, /Open the set-up page/);
      assert.equal((await echo(`${editor}api/status`)).access, "anybody");
    });

    it("takes the password from whoever knows the code of the log, and from a page of its own", async () => {
      const code = /one-time code (\S+)/.exec(running.output())?.[1] ?? "";
      const form = { code, password: PASSWORD, repeated: PASSWORD };
      const stranger = await post(`${gui}setup`, form, { origin: "http://evil.example" });
      assert.equal(stranger.status, 403);
      assert.equal((await post(`${gui}setup`, form, { origin: null })).status, 403);
      const wrong = await post(`${gui}setup`, { ...form, code: "<script>" });
      assert.equal(wrong.status, 400);
      assert.match(await wrong.text(), /This is not the code that the log shows/);
      const right = await post(`${gui}setup`, form);
      assert.equal(right.status, 303);
      assert.match(
        right.headers.getSetCookie()[0] ?? "",
        /^streampulse_session=[\w-]{43}; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Lax$/,
      );
      session = cookieOf(right);
      assert.equal((await get(`${gui}setup`)).headers.get("location"), "/login");
      assert.equal((await post(`${gui}setup`, form)).headers.get("location"), "/login");
    });

    it("keeps auth.json to its owner", { skip: process.platform === "win32" }, () => {
      assert.equal(statSync(path.join(dataDir, "auth.json")).mode & 0o777, 0o600);
    });
  });

  describe("with a login", () => {
    it("shows the status page with a strict policy", async () => {
      const response = await get(gui, { cookie: session });
      assert.equal(response.status, 200);
      const policy = response.headers.get("content-security-policy") ?? "";
      const nonce = /script-src 'nonce-([^']+)'/.exec(policy)?.[1] ?? "";
      assert.match(policy, /^default-src 'none'; /);
      assert.equal(policy.includes("unsafe"), false);
      const page = await response.text();
      assert.equal(page.match(/<script/g)?.length, page.split(`nonce="${nonce}">`).length - 2);
      assert.ok(page.includes("The camera wants a user name and password"));
      assert.ok(page.includes(`<span>${editor}</span>`));
      for (const [name, value] of [
        ["cache-control", "no-store"],
        ["x-content-type-options", "nosniff"],
        ["x-frame-options", "DENY"],
        ["referrer-policy", "same-origin"],
        ["strict-transport-security", null],
      ] as const) {
        assert.equal(response.headers.get(name), value, name);
      }
      assert.notEqual((await get(gui, { cookie: session })).headers.get("content-security-policy"), policy);
    });

    it("sends pages to the login and data a 401", async () => {
      for (const header of ["Accept: text/html", "Sec-Fetch-Mode: navigate"]) {
        const { status, head } = await rawGet(gui, "/dashboard/page1?x=1", [header]);
        assert.equal(status, 303);
        assert.match(head, /\r\nLocation: \/login\?next=%2Fdashboard%2Fpage1%3Fx%3D1\r\n/);
        assert.equal((await rawGet(gui, "/dashboard/_setup", [header])).status, 401);
        assert.equal((await rawGet(gui, "/api/status", [header])).status, 401);
      }
      assert.equal((await get(`${gui}dashboard/page1`, { accept: "text/html" })).status, 401, "fetch()");
      assert.equal((await get(`${api}api/incidents`)).status, 401);
      assert.equal((await get(`${api}api/streams/x/history`)).status, 401);
    });

    it("goes on from the login to a page of its own only", async () => {
      const go = async (next: string) =>
        (await post(`${gui}login`, { password: PASSWORD, next })).headers.get("location");
      assert.equal(await go("/dashboard/page1?x=1"), "/dashboard/page1?x=1");
      for (const next of ["https://evil.example", "//evil.example", "/\\evil.example", "/logout", ""]) {
        assert.equal(await go(next), "/", next);
      }
    });

    it("gives flows no login secret, and a mark that no client can make", async () => {
      const seen = await echo(`${gui}api/status`, { cookie: `a=1; ${session}`, streampulseAccess: "token" });
      assert.equal(seen.access, "session");
      assert.equal(seen.headers.cookie, "a=1");
      assert.equal(JSON.stringify(seen).includes(session.split("=")[1] ?? ""), false);
      const name = await echo(`${api}api/streams/a%2Fb%20%F0%9F%93%B7`);
      assert.equal(name.params.name, "a/b 📷");
    });

    it("checks where a write comes from", async () => {
      const write = (origin: string | null, headers?: Record<string, string>) =>
        post(`${gui}api/streams`, { name: "x" }, { cookie: session, origin, headers });
      assert.equal((await write(new URL(gui).origin)).status, 200);
      assert.equal((await write(null, { Referer: gui })).status, 200);
      assert.equal((await write(null)).status, 403);
      assert.equal((await write("http://evil.example")).status, 403);
      assert.equal((await write("null")).status, 403);
      assert.equal((await write(new URL(api).origin)).status, 403);
    });

    it("lets scripts in with a token, and out when it is revoked", async () => {
      const tokens = `${gui}auth/tokens`;
      const stranger = await post(tokens, { name: "x" }, { cookie: session, origin: "http://evil.example" });
      assert.equal(stranger.status, 403);
      const made = await post(tokens, { name: "grafana" }, { cookie: session });
      assert.equal(made.status, 201);
      const { id, token } = (await made.json()) as { id: string; token: string };
      const authorization = { authorization: `Bearer ${token}` };
      const seen = await echo(`${gui}api/status`, authorization);
      assert.equal(seen.access, "token");
      assert.equal(JSON.stringify(seen).includes(token), false);
      assert.equal(
        (await post(`${gui}api/streams`, {}, { origin: null, headers: authorization })).status,
        200,
      );
      assert.equal((await get(`${api}api/incidents`, authorization)).status, 503);
      assert.equal((await echo(`${editor}preview/x`, authorization)).access, "token");
      assert.equal((await get(`${editor}flows`, authorization)).status, 401, "a token opens no editor");
      assert.equal((await get(tokens, authorization)).status, 403, "a token manages no tokens");
      const list = (await (await get(tokens, { cookie: session })).json()) as object[];
      assert.deepEqual(
        list.map((entry) => Object.keys(entry)),
        [["id", "name", "createdAt"]],
      );
      const revoke = () => post(`${tokens}/${id}`, {}, { cookie: session, method: "DELETE" });
      assert.equal((await revoke()).status, 204);
      assert.equal((await revoke()).status, 404);
      assert.equal((await get(`${gui}api/status`, authorization)).status, 401);
      assert.equal(readFileSync(path.join(dataDir, "auth.json"), "utf8").includes(token), false);
    });

    it("opens the editor with the same account, in any case of its name", async () => {
      assert.equal((await get(`${editor}flows`)).status, 401);
      for (const wrong of [await editorToken(editor, "wrong"), await editorToken(editor, PASSWORD, "root")]) {
        assert.equal(wrong.status, 403);
        assert.match(await wrong.text(), /"invalid_grant","message":"User name or password is wrong."/);
      }
      const right = await editorToken(editor, PASSWORD, "Admin");
      assert.equal(right.status, 200);
      const { access_token } = (await right.json()) as { access_token: string };
      const headers = { authorization: `Bearer ${access_token}` };
      assert.equal((await get(`${editor}flows`, headers)).status, 200);
      const { user } = (await (await get(`${editor}settings`, headers)).json()) as { user: object };
      assert.deepEqual(user, { username: "admin", permissions: "*" });
      assert.equal((await get(`${gui}api/status`, headers)).status, 401, "an editor's token is no API token");
    });

    it("guards the flows on the editor's port too", async () => {
      assert.equal((await get(`${editor}preview/x`)).status, 401);
      assert.equal((await echo(`${editor}api/status`)).access, "anybody");
      assert.equal(
        (await post(`${editor}api/streams`, {})).status,
        401,
        "a public path is not public to write",
      );
      assert.equal((await echo(`${editor}preview/x`, { cookie: session })).access, "session");
      const write = (origin: string) => post(`${editor}api/streams`, {}, { cookie: session, origin });
      assert.equal((await write("http://evil.example")).status, 403);
      assert.equal((await write(new URL(editor).origin)).status, 200);
    });
  });

  describe("at its public ports", () => {
    const forms: [string, string][] = [
      ["flows", "/flows"],
      ["the editor's settings of a user", "/settings/user"],
      ["the editor's login", "/auth/login"],
      ["the editor's token", "/auth/token"],
      ["the editor's files", "/red/red.min.js"],
      ["nodes", "/nodes"],
      ["comms", "/comms"],
      ["context", "/context/global"],
      ["a trailing slash", "/flows/"],
      ["another case", "/FLOWS"],
      ["an encoded dot", "/%2e%2e/flows"],
      ["an encoded dot in the middle", "/api/%2E%2E/flows"],
      ["two slashes", "//flows"],
      ["dots", "/api/../flows"],
      ["dots after a name", "/api/streams/../../flows"],
      ["encoded dots in a name", "/api/streams/..%2f..%2fflows"],
      ["an encoded slash", "/api%2f..%2fflows"],
      ["a backslash", "/api\\..\\flows"],
      ["an encoded backslash", "/api/%5c..%5cflows"],
      ["the absolute form", "http://127.0.0.1/flows"],
      ["the absolute form of an allowed path", "http://127.0.0.1/api/status"],
      ["no slash", "flows"],
      ["the asterisk", "*"],
      ["a fragment", "/api/status#/../flows"],
      ["a null byte", "/api/streams/x%00"],
      ["broken encoding", "/api/streams/%E0%A4%A"],
      ["resources of others", "/resources/@streampulse/../../flows"],
      ["resources of Node-RED", "/resources/node-red/x"],
      ["the dashboard's admin routes", "/dashboard/../flows"],
    ];
    for (const [name, target] of forms) {
      it(`refuses ${name}: ${target}`, async () => {
        for (const url of [api, gui]) {
          for (const headers of [[], [`Cookie: ${session}`]]) {
            const { status, body } = await rawGet(url, target, headers);
            assert.ok([400, 404].includes(status), `${url} answered ${status}`);
            const { error } = JSON.parse(body) as { error: { code: string; message: string } };
            assert.ok(["bad_path", "not_found", "bad_request"].includes(error.code), error.code);
          }
        }
      });
    }

    it("lets a path pass that only looks odd", async () => {
      assert.equal((await rawGet(api, "/api/status?x=/../flows//%2e%2e")).status, 200);
      assert.equal((await rawGet(api, "/api/streams/a%2Fb..c")).status, 200);
    });

    it("refuses other methods", async () => {
      for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"]) {
        const { status, head } = await rawGet(api, "/api/status", ["Content-Length: 0"], method);
        assert.equal(status, 405, method);
        assert.match(head, /Allow: GET, HEAD\r\n/);
      }
      for (const [method, target] of [
        ["PATCH", "/dashboard/api/v1/x"],
        ["POST", "/dashboard/page1"],
        ["PATCH", "/api/streams"],
        ["TRACE", "/"],
        ["POST", "/"],
      ] as const) {
        const { status } = await rawGet(
          gui,
          target,
          [`Cookie: ${session}`, `Origin: ${new URL(gui).origin}`],
          method,
        );
        assert.equal(status, 405, `${method} ${target}`);
      }
      assert.equal(
        (await rawGet(api, "127.0.0.1:1880", [], "CONNECT")).status,
        0,
        "closed without an answer",
      );
      assert.equal((await rawGet(api, "/api/status", [], "HEAD")).status, 200);
    });

    it("refuses odd Host headers", async () => {
      const { host } = new URL(api);
      const send = (lines: string[]) =>
        rawRequest(api, `GET /api/status HTTP/1.1\r\nConnection: close\r\n${lines.join("\r\n")}\r\n\r\n`);
      assert.equal((await send([`Host: ${host}`])).status, 200);
      assert.equal((await send([`Host: ${host}`, "Host: evil.example"])).status, 400);
      assert.equal((await send(["Host: evil.example/flows"])).status, 400);
      assert.equal((await send(["Host: a@b"])).status, 400);
      assert.equal((await send([])).status, 400);
      assert.equal((await rawRequest(api, "GET /api/status HTTP/1.0\r\n\r\n")).status, 200);
    });

    it("does not smuggle a second request to the editor", async () => {
      const { host } = new URL(api);
      const inner = `GET /flows HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
      const both = await rawRequest(
        api,
        `GET /api/status HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${inner.length}\r\nTransfer-Encoding: chunked\r\n\r\n${inner}`,
      );
      assert.equal(both.status, 400);
      const pipelined = await rawRequest(api, `GET /api/status HTTP/1.1\r\nHost: ${host}\r\n\r\n${inner}`);
      assert.match(pipelined.body, /HTTP\/1.1 404 Not Found/);
    });

    it("hands no admin route of the dashboard's prefix on", async () => {
      const { status, body } = await rawGet(gui, "/dashboard/api/v1/x", [`Cookie: ${session}`]);
      assert.equal(status, 404);
      assert.match(body, /"no_flow"/);
      const resource = "/resources/@streampulse/node-red-dashboard-2-streampulse/missing.js";
      assert.equal((await rawGet(gui, resource)).status, 401);
      assert.equal((await rawGet(gui, resource, [`Cookie: ${session}`])).status, 404);
    });

    it("opens the dashboard's socket to a session of this very host only", async () => {
      const origin = `Origin: ${new URL(gui).origin}`;
      const cookie = `Cookie: ${session}`;
      const statusOf = async (headers: string[], target?: string, url = gui) => {
        const { status, socket } = await openSocket(url, headers, target);
        socket.destroy();
        return status;
      };
      assert.equal(await statusOf([cookie, origin]), 101);
      assert.equal(await statusOf([origin]), 401);
      assert.equal(await statusOf([cookie]), 403);
      assert.equal(await statusOf([cookie, "Origin: http://evil.example"]), 403);
      assert.equal(await statusOf([cookie, origin], "/comms"), 404);
      assert.equal(await statusOf([cookie, origin], "/dashboard/socket.io/../../comms"), 400);
      assert.equal(await statusOf([cookie, origin], "//comms"), 400);
      assert.equal(await statusOf([cookie, origin], "/api/status"), 404);
      // this port knows no upgrade: it answers as if nobody had asked for one
      assert.equal(await statusOf([cookie, origin], "/comms", api), 404);
    });
  });

  describe("when a session ends", () => {
    it("cuts its sockets and answers, and leaves those of others", async () => {
      const other = await signIn(gui, PASSWORD);
      const origin = `Origin: ${new URL(gui).origin}`;
      const mine = await openSocket(gui, [`Cookie: ${session}`, origin]);
      const theirs = await openSocket(gui, [`Cookie: ${other}`, origin]);
      const slow = httpRequest(`${gui}snapshot/slow.jpg`, { headers: { cookie: session } }).end();
      const cut = Promise.all([once(mine.socket, "close"), once(slow, "error")]);
      await until(() => slow.socket?.bytesWritten);
      const out = await post(`${gui}logout`, {}, { cookie: session });
      assert.equal(out.status, 303);
      assert.match(out.headers.getSetCookie()[0] ?? "", /^streampulse_session=; Max-Age=0; /);
      await cut;
      assert.equal((await get(`${gui}api/status`, { cookie: session })).status, 401);
      assert.equal((await get(`${gui}api/status`, { cookie: other })).status, 200);
      assert.equal(theirs.socket.destroyed, false);
      theirs.socket.destroy();
      session = other;
    });

    it("is not ended by a page of a stranger, nor by a link", async () => {
      const stranger = await post(`${gui}logout`, {}, { cookie: session, origin: "http://evil.example" });
      assert.equal(stranger.status, 403);
      assert.equal((await get(`${gui}logout`, { cookie: session })).status, 200);
      assert.equal((await get(`${gui}api/status`, { cookie: session })).status, 200);
    });
  });

  describe("when somebody guesses", () => {
    it("makes that address wait at every door alike", async () => {
      /** @returns how many guesses were answered before one had to wait */
      async function guess(): Promise<number> {
        for (let tries = 0; ; tries++) {
          const { status } = await post(`${gui}login`, { password: `guess ${tries}` });
          if (status === 429) return tries;
          assert.equal(status, 401);
          assert.ok(tries < 20);
        }
      }
      // the first wait is a second, which a loaded machine may need for one guess: then it has to be another one
      assert.ok((await guess()) >= 5);
      const page = await until(async () => {
        await guess();
        const [page, token] = await Promise.all([
          post(`${gui}login`, { password: PASSWORD }),
          editorToken(editor, PASSWORD),
        ]);
        return page.status === 429 && token.status === 429 && page;
      });
      const seconds = page.headers.get("retry-after") ?? "";
      assert.match(seconds, /^[1-9]\d?$/);
      assert.ok((await page.text()).includes(`Too many tries: wait ${seconds} s.`));
      assert.equal((await get(`${gui}api/status`, { cookie: session })).status, 200, "who is in stays in");
    });
  });

  it("refuses bodies that are too long or of another kind", async () => {
    const send = (body: string, type: string) =>
      fetch(`${gui}login`, {
        method: "POST",
        body,
        headers: { "content-type": type, origin: new URL(gui).origin },
      });
    assert.equal((await send("x".repeat(9000), "application/x-www-form-urlencoded")).status, 413);
    assert.equal((await send("x", "text/plain")).status, 415);
    assert.equal((await send("{", "application/json")).status, 400);
    // understood, and as wrong as a guess: it may have to wait for those before
    assert.ok([401, 429].includes((await send("[]", "application/json")).status));
  });

  it("has said no secret in its log", () => {
    const text = running.output();
    for (const secret of [PASSWORD, session.split("=")[1] ?? "none"])
      assert.equal(text.includes(secret), false);
    for (const line of text.trim().split("\n")) assert.match(line, /^\d{4}-\d\d-\d\dT[\d:.]+Z \[\w+\] /);
  });
});

describe("the product with everything in its environment", () => {
  const dataDir = path.join(folder, "second");
  let running: RunningProduct;

  before(async () => {
    writeFlows(dataDir, productFlows);
    const env = {
      STREAMPULSE_ADMIN_PASSWORD: PASSWORD,
      STREAMPULSE_API_TOKEN: "outside-token",
      STREAMPULSE_TRUST_PROXY: "true",
      STREAMPULSE_LOG_LEVEL: "trace",
    };
    running = await startProduct(dataDir, env);
  });
  after(async () => {
    await running?.stop();
  });

  it("needs no set-up, and marks cookies behind TLS", async () => {
    const { gui } = running.addresses;
    assert.equal((await fetch(`${gui}setup`, { redirect: "manual" })).headers.get("location"), "/login");
    const headers = { "x-forwarded-proto": "https" };
    const response = await post(`${gui}login`, { password: PASSWORD }, { headers });
    assert.match(response.headers.getSetCookie()[0] ?? "", /; Secure$/);
  });

  it("wants the token for its public API, and lets it read only", async () => {
    const { api, gui } = running.addresses;
    const headers = { authorization: "Bearer outside-token" };
    assert.equal((await fetch(`${api}api/status`)).status, 401);
    assert.equal((await fetch(`${api}healthz`)).status, 200);
    assert.equal((await fetch(`${api}api/status`, { headers })).status, 200);
    const write = await post(`${gui}api/streams`, {}, { origin: null, headers });
    assert.equal(write.status, 403);
    assert.match(await write.text(), /"read_only"/);
  });

  it("hands none of it on to flows", async () => {
    const headers = { authorization: "Bearer outside-token" };
    const response = await fetch(`${running.addresses.api}api/status`, { headers });
    const text = await response.text();
    assert.deepEqual((JSON.parse(text) as { environment: unknown }).environment, [null, null]);
    assert.equal(text.includes("outside-token"), false);
  });

  it("says none of it in its log", () => {
    for (const secret of [PASSWORD, "outside-token", "one-time code"]) {
      assert.equal(running.output().includes(secret), false, secret);
    }
  });
});
