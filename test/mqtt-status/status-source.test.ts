import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import { describe, it, type TestContext } from "node:test";
import { listen, LOOPBACK, unusedPort } from "../../demo/cameras";
import { fetchStatus } from "../../nodes/mqtt-status/status-source";

const never = new AbortController().signal;

async function serve(test: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  test.after(() => void server.closeAllConnections());
  test.after(() => void server.close());
  return `${LOOPBACK}:${await listen(server, 0, LOOPBACK)}`;
}

describe("the status of another host", () => {
  it("is taken as it is, and asked for with the URL's user", async (t) => {
    const body = '{"K\\u00fcche":{"status":"ok"}}\n';
    let authorization: string | undefined;
    const host = await serve(t, ({ headers }, response) => {
      authorization = headers.authorization;
      response.end(body);
    });
    const read = await fetchStatus(`http://us%40er:p%3Ass@${host}/api/status`, never);
    assert.equal(read.toString(), body);
    assert.equal(authorization, `Basic ${Buffer.from("us@er:p:ss").toString("base64")}`);
  });

  it("is refused when it is no status, or larger than any", async (t) => {
    const host = await serve(t, ({ url }, response) => {
      if (url === "/404") response.writeHead(404).end();
      else if (url === "/html") response.end("<html>");
      else if (url === "/list") response.end("[]");
      else {
        const piece = Buffer.alloc(1024 * 1024, " ");
        const pour = () => {
          while (response.write(piece));
        };
        response.on("drain", pour);
        pour();
      }
    });
    const words = (path: string) =>
      fetchStatus(`http://u:s3cret@${host}${path}`, never).then(
        () => "",
        (error: Error) => error.message.replace(host, "HOST"),
      );
    assert.equal(await words("/404"), "mqtt.api_status_url: HOST answers HTTP 404.");
    assert.equal(await words("/html"), "mqtt.api_status_url: HOST answers something that is no status JSON.");
    assert.equal(await words("/list"), "mqtt.api_status_url: HOST answers something that is no status JSON.");
    assert.equal(await words("/endless"), "mqtt.api_status_url: HOST answers with more than 33554432 bytes.");
  });

  it("is given up when nobody answers, and when it is told to", async (t) => {
    const port = await unusedPort();
    await assert.rejects(fetchStatus(`http://${LOOPBACK}:${port}/`, never), {
      message: `mqtt.api_status_url: ${LOOPBACK}:${port} cannot be reached (ECONNREFUSED).`,
    });
    const host = await serve(t, () => {});
    const stop = new AbortController();
    const waiting = assert.rejects(
      fetchStatus(`http://${host}/`, stop.signal),
      /cannot be reached \(AbortError\)/,
    );
    stop.abort();
    await waiting;
  });
});
