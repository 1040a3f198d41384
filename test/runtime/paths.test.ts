import assert from "node:assert/strict";
import path from "node:path";
import { describe, it } from "node:test";
import { ConfigurationError, readEnvironment } from "../../runtime/paths";

const folder = path.resolve("/somewhere");

describe("the environment", () => {
  it("has the documented defaults", () => {
    assert.deepEqual(readEnvironment({}, folder), {
      dataDir: path.join(folder, "data"),
      configFile: path.join(folder, "data", "config.yaml"),
      databaseFile: path.join(folder, "data", "streams.db"),
      authFile: path.join(folder, "data", "auth.json"),
      userDir: path.join(folder, "data", "node-red"),
      bind: "127.0.0.1",
      apiPort: 7000,
      guiPort: 8000,
      editorPort: 1880,
      logLevel: "info",
      trustProxy: false,
      guiUrl: undefined,
      watchdogSeconds: 30,
      adminPassword: undefined,
      apiToken: undefined,
    });
  });

  it("takes what is set, and empty as not set", () => {
    const options = readEnvironment(
      {
        STREAMPULSE_DATA: "host",
        CFG_PATH: "/etc/streams.yaml",
        DB_PATH: "",
        STREAMPULSE_API_PORT: "0",
        STREAMPULSE_GUI_PORT: "0",
        STREAMPULSE_EDITOR_PORT: "",
        STREAMPULSE_BIND: "::",
        STREAMPULSE_LOG_LEVEL: "WARN",
        STREAMPULSE_TRUST_PROXY: "true",
        STREAMPULSE_GUI_URL: "https://cameras.example/pulse",
        STREAMPULSE_WATCHDOG_SECONDS: "0",
        STREAMPULSE_ADMIN_PASSWORD: "",
        STREAMPULSE_API_TOKEN: "secret",
      },
      folder,
    );
    assert.equal(options.dataDir, path.join(folder, "host"));
    assert.equal(options.configFile, path.resolve("/etc/streams.yaml"));
    assert.equal(options.databaseFile, path.join(folder, "host", "streams.db"));
    assert.deepEqual([options.apiPort, options.guiPort, options.editorPort], [0, 0, 1880]);
    assert.equal(options.bind, "::");
    assert.equal(options.logLevel, "warn");
    assert.equal(options.trustProxy, true);
    assert.equal(options.guiUrl, "https://cameras.example/pulse/");
    assert.equal(options.watchdogSeconds, 0);
    assert.equal(options.adminPassword, undefined);
    assert.equal(options.apiToken, "secret");
  });

  const wrong: [Record<string, string>, string][] = [
    [
      { STREAMPULSE_API_PORT: "70000" },
      'STREAMPULSE_API_PORT must be a port from 1 to 65535, or 0 for any free one, not "70000".',
    ],
    [
      { STREAMPULSE_GUI_PORT: "http" },
      'STREAMPULSE_GUI_PORT must be a port from 1 to 65535, or 0 for any free one, not "http".',
    ],
    [
      { STREAMPULSE_EDITOR_PORT: "7000" },
      "STREAMPULSE_EDITOR_PORT and STREAMPULSE_API_PORT are both 7000: give each its own port.",
    ],
    [
      { STREAMPULSE_BIND: "not an address" },
      'STREAMPULSE_BIND must be an address of this machine, such as 127.0.0.1 or 0.0.0.0, not "not an address".',
    ],
    [
      { STREAMPULSE_LOG_LEVEL: "loud" },
      'STREAMPULSE_LOG_LEVEL must be one of error, warn, info, debug, trace, not "loud".',
    ],
    [
      { STREAMPULSE_GUI_URL: "192.168.1.5:6969" },
      'STREAMPULSE_GUI_URL must be an address such as http://192.168.1.5:6969/, not "192.168.1.5:6969".',
    ],
    [
      { STREAMPULSE_WATCHDOG_SECONDS: "half a minute" },
      'STREAMPULSE_WATCHDOG_SECONDS must be 1 to 3600, or 0 for no watchdog, not "half a minute".',
    ],
    [{ STREAMPULSE_TRUST_PROXY: "maybe" }, 'STREAMPULSE_TRUST_PROXY must be true or false, not "maybe".'],
    [
      { STREAMPULSE_API_TOKEN: "two words" },
      "STREAMPULSE_API_TOKEN must be 1 to 500 visible ASCII characters without spaces, because it travels in an HTTP header.",
    ],
    [
      { STREAMPULSE_ADMIN_PASSWORD: "x".repeat(201) },
      "STREAMPULSE_ADMIN_PASSWORD must not be longer than 200 characters.",
    ],
  ];
  for (const [env, message] of wrong) {
    it(`refuses ${Object.keys(env)[0]}: ${message.slice(-40)}`, () => {
      assert.throws(
        () => readEnvironment(env, folder),
        (error) => error instanceof ConfigurationError && error.message === message,
      );
    });
  }
});
