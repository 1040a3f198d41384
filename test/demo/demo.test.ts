import assert from "node:assert/strict";
import { createServer } from "node:net";
import path from "node:path";
import { describe, it } from "node:test";
import { listen, LOOPBACK, unusedPort } from "../../demo/cameras";
import { DemoCameras } from "../../demo/demo-cameras";
import { runToEnd } from "../support/ready-process";
import { RtspClient } from "../support/rtsp-client";

describe("the demo", () => {
  it("has a camera for each thing that can be the matter", async (t) => {
    const cameras = new DemoCameras();
    const streams = await cameras.start();
    t.after(() => cameras.stop());
    const answers: string[] = [];
    for (const { name, url } of streams) {
      const target = url.replace(/\/\/[^/]*@/, "//");
      if (url.startsWith("http:")) {
        const response = await fetch(url);
        await response.body?.cancel();
        answers.push(`${name}: HTTP ${response.status}`);
        continue;
      }
      try {
        const client = await RtspClient.connect(url);
        answers.push(`${name}: RTSP ${(await client.ask("DESCRIBE", target, 1)).status}`);
        client.close();
      } catch (error) {
        answers.push(`${name}: ${(error as NodeJS.ErrnoException).code}`);
      }
    }
    assert.deepEqual(answers, [
      "Front door: RTSP 200",
      "Garage (digest): RTSP 401",
      "Garden (wrong path): RTSP 404",
      "Nursery (MJPEG): HTTP 200",
      "Driveway (flaps every minute): RTSP 200",
      "Shed (dead): ECONNREFUSED",
    ]);
    assert.match(streams[1]?.url ?? "", /^rtsp:\/\/viewer:open-sesame@127\.0\.0\.1:\d+\/garage$/);
  });

  it("says which port is taken, and starts nothing", async (t) => {
    const occupant = createServer();
    const taken = await listen(occupant, 0, LOOPBACK);
    t.after(() => occupant.close());
    const { code, output } = await runToEnd({
      file: process.execPath,
      args: [path.resolve(__dirname, "../../demo/demo.js")],
      env: {
        ...process.env,
        STREAMPULSE_API_PORT: String(taken),
        STREAMPULSE_GUI_PORT: String(await unusedPort()),
        STREAMPULSE_EDITOR_PORT: String(await unusedPort()),
      },
    });
    assert.equal(
      output,
      `streampulse: Port ${taken} is taken by another program: end it, or set STREAMPULSE_API_PORT to a free port.\n`,
    );
    assert.equal(code, 1);
  });
});
