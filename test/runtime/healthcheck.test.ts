import assert from "node:assert/strict";
import { createServer } from "node:http";
import path from "node:path";
import { describe, it, type TestContext } from "node:test";
import { listen, LOOPBACK, unusedPort } from "../../demo/cameras";
import { runToEnd } from "../support/ready-process";
import { cleanEnvironment } from "./support";

/** Runs the check as Docker does. */
const check = (apiPort: number | string) =>
  runToEnd({
    file: process.execPath,
    args: [path.resolve(__dirname, "../../runtime/healthcheck.js")],
    env: cleanEnvironment({ STREAMPULSE_API_PORT: String(apiPort), STREAMPULSE_BIND: "0.0.0.0" }),
  });

/** A status API that has nothing but its health. */
async function healthz(test: TestContext, statusCode: number, status: string, reasons: string[]) {
  const server = createServer((request, response) =>
    response
      .writeHead(request.url === "/healthz" ? statusCode : 404)
      .end(JSON.stringify({ status, reasons })),
  );
  test.after(() => server.close());
  return listen(server, 0, LOOPBACK);
}

describe("the container's health check", () => {
  for (const [statusCode, status, code] of [
    [200, "ok", 0],
    [200, "degraded", 0],
    [200, "starting", 1],
    [503, "failing", 1],
  ] as const) {
    it(`ends with ${code} where /healthz says ${status}, and shows the reasons`, async (t) => {
      const port = await healthz(t, statusCode, status, ["One.", "Two."]);
      assert.deepEqual(await check(port), { code, output: `${status} | One. | Two.\n` });
    });
  }

  it("ends with 1 and a line where nothing answers, or the settings do not serve", async () => {
    const { code, output } = await check(await unusedPort());
    assert.equal(code, 1);
    assert.match(output, /^no answer of \/healthz: .*ECONNREFUSED.*\n$/);
    assert.deepEqual(await check("x"), {
      code: 1,
      output: 'STREAMPULSE_API_PORT must be a port from 1 to 65535, or 0 for any free one, not "x".\n',
    });
  });
});
