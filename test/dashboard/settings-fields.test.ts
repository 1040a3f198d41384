import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { settingsSchema } from "../../contracts/settings";
import { streamSchema } from "../../contracts/stream";
import { valueAt } from "../../dashboard/ui-stream-settings/vue/fields/field";
import { GENERAL, MQTT } from "../../dashboard/ui-stream-settings/vue/settings-fields";
import { STREAM_FIELDS } from "../../dashboard/ui-stream-settings/vue/streams/stream-fields";
import { projectRoot } from "../support/fixtures";

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

const texts = JSON.parse(readFileSync(path.join(projectRoot, "dashboard", "locales", "en.json"), "utf8")) as {
  settings: { field: Record<string, unknown> & { stream: Record<string, unknown> } };
};
const hasText = (root: unknown, at: string) => typeof valueAt(root, at) === "string";

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

  it("with a label, and a text for each choice", () => {
    const { field } = texts.settings;
    const all = [
      ...[...GENERAL, ...MQTT].flatMap((group) => group.fields).map((one) => ({ one, root: field })),
      ...STREAM_FIELDS.map((one) => ({ one, root: field.stream })),
    ];
    for (const { one, root } of all) {
      assert.ok(hasText(root, `${one.path}.label`), one.path);
      for (const option of one.options ?? [])
        assert.ok(hasText(root, `${one.path}.option.${option}`), one.path);
    }
  });
});
