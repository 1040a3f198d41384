import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { describe, it } from "node:test";
import { startGui, WITH_DASHBOARD, type GuiUnderTest } from "./gui";

type Parsed = IncomingMessage & { body?: unknown; _body?: boolean };

/** Answers with what it was given. */
const echo = (request: IncomingMessage, response: ServerResponse) => {
  const { body, _body } = request as Parsed;
  const shown = Buffer.isBuffer(body) ? `bytes ${body.toString("latin1")}` : body;
  response
    .setHeader("content-type", "application/json")
    .end(JSON.stringify({ body: shown ?? null, read: _body ?? false }));
};

describe("the body of a request on its way to a flow", () => {
  const send = (gui: GuiUnderTest, type: string, body: string | Buffer, place = "api/x") => {
    const headers = { cookie: gui.session(), origin: new URL(gui.url).origin, "content-type": type };
    return fetch(gui.url + place, { method: "POST", body: body as BodyInit, headers });
  };
  const bodyOf = async (...args: Parameters<typeof send>) => (await (await send(...args)).json()) as object;

  it("is read: JSON, forms, texts in any encoding, bytes", async (t) => {
    const gui = await startGui(t, { flow: echo });
    assert.deepEqual(await bodyOf(gui, "application/json; charset=utf-8", '{"a":[1]}'), {
      body: { a: [1] },
      read: true,
    });
    assert.deepEqual(await bodyOf(gui, "application/x-www-form-urlencoded", "a=1&b=%20"), {
      body: { a: "1", b: " " },
      read: true,
    });
    assert.deepEqual(await bodyOf(gui, "text/plain", "Küche"), { body: "Küche", read: true });
    assert.deepEqual(await bodyOf(gui, "audio/x-mpegurl", "#EXTM3U"), { body: "bytes #EXTM3U", read: true });
    assert.deepEqual(await bodyOf(gui, "application/yaml", Buffer.from("K\xfcche", "latin1")), {
      body: "Küche",
      read: true,
    });
    assert.deepEqual(await bodyOf(gui, "application/octet-stream", "x"), { body: "bytes x", read: true });
    assert.deepEqual(await bodyOf(gui, "application/json", ""), { body: {}, read: true });
    assert.deepEqual(await bodyOf(gui, "multipart/form-data; boundary=x", "--x--"), {
      body: null,
      read: false,
    });
  });

  it("is refused with a sentence where it cannot be read or is too long", async (t) => {
    const gui = await startGui(t, { flow: echo });
    const errorOf = async (...args: Parameters<typeof send>) => {
      const response = await send(...args);
      return [response.status, ((await response.json()) as { error: { message: string } }).error.message];
    };
    assert.deepEqual(await errorOf(gui, "application/json", "{"), [400, "The body is not JSON."]);
    const long = "x".repeat(8 * 1024 * 1024 + 1);
    assert.deepEqual(await errorOf(gui, "text/plain", long), [
      413,
      "The body must not be longer than 8388608 bytes.",
    ]);
    assert.equal((await send(gui, "text/plain", long, "api/import")).status, 200);
    const headers = { cookie: gui.session(), origin: new URL(gui.url).origin, "content-encoding": "gzip" };
    assert.equal((await fetch(`${gui.url}api/x`, { method: "POST", body: "x", headers })).status, 415);
  });

  it("that never ends is cut at the limit", async (t) => {
    const gui = await startGui(t, { flow: echo });
    const chunk = Buffer.alloc(256 * 1024, "x");
    let sent = 0;
    const body = new ReadableStream({
      pull(controller) {
        sent += chunk.length;
        controller.enqueue(chunk);
      },
    });
    const request = fetch(`${gui.url}api/x`, {
      method: "POST",
      body,
      duplex: "half",
      headers: { cookie: gui.session(), origin: new URL(gui.url).origin },
    } as RequestInit);
    // the answer may be lost with the connection
    const status = await request.then(
      ({ status }) => status,
      () => 413,
    );
    assert.equal(status, 413);
    assert.ok(sent < 40 * 1024 * 1024, `${sent} bytes`);
  });
});

describe("what a flow answers", () => {
  const headersOf = async (t: Parameters<typeof startGui>[0], place: string, options: object = {}) => {
    const gui = await startGui(t, { flow: (_request, response) => void response.end("x"), ...options });
    return (await gui.get(place, { cookie: gui.session() })).headers;
  };

  it("carries what keeps pages of strangers out", async (t) => {
    for (const place of ["dashboard/streams", "api/status", "preview/x"]) {
      const headers = await headersOf(t, place);
      assert.equal(headers.get("x-content-type-options"), "nosniff", place);
      assert.equal(headers.get("referrer-policy"), "same-origin", place);
      assert.equal(headers.get("x-frame-options"), "SAMEORIGIN", place);
      assert.match(headers.get("content-security-policy") ?? "", /frame-ancestors 'self'/, place);
    }
    assert.match(
      (await headersOf(t, "api/status")).get("content-security-policy") ?? "",
      /^default-src 'none'; /,
    );
  });

  it("may run programs of this address only, and texts only where a ui-template is", async (t) => {
    const policy = (await headersOf(t, "dashboard/streams")).get("content-security-policy") ?? "";
    assert.match(policy, /^default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; /);
    const templates = await headersOf(t, "dashboard/streams", {
      facts: { ...WITH_DASHBOARD, hasTemplates: true },
    });
    assert.match(
      templates.get("content-security-policy") ?? "",
      /script-src 'self' 'unsafe-eval' 'unsafe-inline';/,
    );
  });

  it("may say otherwise itself", async (t) => {
    const flow = (_request: IncomingMessage, response: ServerResponse) =>
      void response.setHeader("Content-Security-Policy", "default-src 'self'").end();
    assert.equal(
      (await headersOf(t, "api/mine", { flow })).get("content-security-policy"),
      "default-src 'self'",
    );
  });
});
