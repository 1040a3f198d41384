import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { logLine, productLogging, stdoutLogger } from "../../runtime/log-handler";

const timestamp = Date.UTC(2030, 0, 2, 3, 4, 5, 6);

describe("the log", () => {
  it("is one line an event", () => {
    const message = {
      level: 40,
      msg: "\n\nWelcome to Node-RED\n===================\nagain\r\nx\u001b[31m",
      timestamp,
    };
    assert.equal(logLine(message), "2030-01-02T03:04:05.006Z [info] Welcome to Node-RED | again | x?[31m");
  });

  it("names the node that speaks", () => {
    const message = { level: 20, msg: "bad", type: "stream-probe", name: "", id: "7f", timestamp };
    assert.equal(logLine(message), "2030-01-02T03:04:05.006Z [error] [stream-probe:7f] bad");
  });

  it("takes the credentials out of URLs, whatever characters they hold", () => {
    const message = { level: 30, msg: "cannot open rtsp://user:p@ss#1/2@cam/1 now", timestamp };
    assert.equal(logLine(message), "2030-01-02T03:04:05.006Z [warn] cannot open rtsp://***@cam/1 now");
  });

  it("leaves out Node-RED's rules of dashes", () => {
    const lines: string[] = [];
    const handler = productLogging("info", (line) => lines.push(line)).streampulse.handler();
    handler({ level: 30, msg: "----------", timestamp });
    handler({ level: 30, msg: { message: "one" }, timestamp });
    assert.deepEqual(lines, ["2030-01-02T03:04:05.006Z [warn] one\n"]);
  });

  it("keeps to its level before Node-RED runs", () => {
    const lines: string[] = [];
    const logger = stdoutLogger("warn", (line) => lines.push(line));
    logger.info("no");
    logger.error("yes");
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? "", /^\S+Z \[error\] yes\n$/);
  });
});
