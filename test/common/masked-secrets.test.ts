import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MaskFault, maskSecrets, restoreSecrets } from "../../common/masked-secrets";

const CONFIG = {
  heartbeat_seconds: 20,
  mqtt: { host: "h", username: "u", password: "br0ker", api_status_url: "http://u:pw@h/x", client_id: null },
  notes: ["see http://u:pw@wiki/x", "plain"],
  api_key: 12345,
  pushover_token: "${TOKEN}",
  use_password: false,
};

const SHOWN = {
  heartbeat_seconds: 20,
  mqtt: {
    host: "h",
    username: "u",
    password: "********",
    api_status_url: "http://u:********@h/x",
    client_id: null,
  },
  notes: ["see http://u:********@wiki/x", "plain"],
  api_key: "********",
  pushover_token: "${TOKEN}",
  use_password: false,
};

describe("masked settings", () => {
  it("hide passwords wherever they stand, and come back as they were", () => {
    assert.deepEqual(maskSecrets(CONFIG), SHOWN);
    assert.deepEqual(restoreSecrets(SHOWN, CONFIG), CONFIG);
  });

  it("come back beside what somebody changed", () => {
    const edited = {
      ...SHOWN,
      mqtt: { ...SHOWN.mqtt, host: "other" },
      notes: ["plain", "see http://u:********@wiki/x"],
    };
    assert.deepEqual(restoreSecrets(edited, CONFIG), {
      ...CONFIG,
      mqtt: { ...CONFIG.mqtt, host: "other" },
      notes: ["plain", "see http://u:pw@wiki/x"],
    });
  });

  it("say where a mask stands for nothing", () => {
    const fails = (data: unknown, known: unknown, path: (string | number)[]) =>
      assert.throws(
        () => restoreSecrets(data, known),
        (error) => error instanceof MaskFault && assert.deepEqual(error.path, path) === undefined,
      );
    fails({ mqtt: { password: "********" } }, { mqtt: {} }, ["mqtt", "password"]);
    fails({ mqtt: { password: "a********" } }, CONFIG, ["mqtt", "password"]);
    fails({ streams: [{ url: "rtsp://u:********@h/" }] }, {}, ["streams", 0, "url"]);
    fails({ name: "********" }, { name: "x" }, ["name"]);
    fails({ url: "rtsp://u:********@other/" }, { url: "rtsp://u:pw@h/" }, ["url"]);
    fails({ notes: ["at http://u:********@other/x"] }, CONFIG, ["notes", 0]);
  });
});
