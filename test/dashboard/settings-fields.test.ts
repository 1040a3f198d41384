import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { settingsSchema } from "../../contracts/settings";
import { streamSchema } from "../../contracts/stream";
import { GENERAL, MQTT } from "../../dashboard/ui-stream-settings/vue/settings-fields";
import { STREAM_FIELDS } from "../../dashboard/ui-stream-settings/vue/streams/stream-fields";

const {
  mqtt,
  probe,
  retention,
  services: _services,
  handshake_timeout_ms: _env,
  ...top
} = settingsSchema.shape;
const keysOf = (schema: { unwrap(): { shape: object } }) => Object.keys(schema.unwrap().shape);
const pathsOf = (groups: typeof GENERAL) =>
  groups.flatMap(({ fields }) => fields.map(({ path }) => path)).sort();

describe("the settings page has a field for every key", () => {
  it("of the settings", () => {
    const keys = [
      ...Object.keys(top),
      ...keysOf(probe as never).map((key) => `probe.${key}`),
      ...keysOf(retention as never).map((key) => `retention.${key}`),
    ];
    assert.deepEqual(pathsOf(GENERAL), keys.sort());
  });

  it("of MQTT", () => {
    assert.deepEqual(
      pathsOf(MQTT),
      keysOf(mqtt as never)
        .map((key) => `mqtt.${key}`)
        .sort(),
    );
  });

  it("of a stream", () => {
    assert.deepEqual(STREAM_FIELDS.map(({ path }) => path).sort(), Object.keys(streamSchema.shape).sort());
  });
});
