import { z } from "zod";

/**
 * Home Assistant's rules for MQTT device discovery, written down from its documentation of the MQTT integration
 * (device discovery payload, supported abbreviations) and of each platform. Keys that are not in these lists would be
 * ignored or refused there, so that they fail here.
 */

const topicToSubscribe = z.string().min(1);
const topicToPublish = z.string().regex(/^[^+#]+$/);
/** A Jinja template. */
const template = z.string().regex(/\{\{.*\}\}/);

const device = z
  .strictObject({
    ids: z.union([z.string(), z.array(z.string()).min(1)]),
    name: z.string().min(1),
    mf: z.string().optional(),
    mdl: z.string().optional(),
    sw: z.string().optional(),
    via_device: z.string().optional(),
  })
  .describe("dev");

const origin = z.strictObject({
  name: z.string().min(1),
  sw: z.string().optional(),
  url: z.url().optional(),
});

const availability = { avty_t: topicToSubscribe.optional() };
const entity = {
  uniq_id: z.string().min(1),
  name: z.string().min(1),
  ent_cat: z.enum(["diagnostic", "config"]).optional(),
  ...availability,
};

const binarySensor = z.strictObject({
  p: z.literal("binary_sensor"),
  ...entity,
  stat_t: topicToSubscribe.optional(),
  dev_cla: z.literal("connectivity"),
  val_tpl: template.optional(),
  pl_on: z.string().optional(),
  pl_off: z.string().optional(),
});

/** Of the sensor platform: the units that each device class takes, as far as they are used here. */
const SENSOR_UNITS: Record<string, string[]> = { duration: ["d", "h", "min", "s", "ms", "µs"] };

const sensor = z
  .strictObject({
    p: z.literal("sensor"),
    ...entity,
    ent_cat: z.literal("diagnostic").optional(),
    stat_t: topicToSubscribe.optional(),
    val_tpl: template,
    dev_cla: z.enum(["duration"]).optional(),
    unit_of_meas: z.string().optional(),
    stat_cla: z.enum(["measurement", "total", "total_increasing"]).optional(),
  })
  .refine(
    ({ dev_cla, unit_of_meas }) => !dev_cla || SENSOR_UNITS[dev_cla]?.includes(unit_of_meas ?? ""),
    "the unit does not belong to the device class",
  );

const button = z.strictObject({ p: z.literal("button"), ...entity, cmd_t: topicToPublish });

const switchEntity = z.strictObject({
  p: z.literal("switch"),
  ...entity,
  stat_t: topicToSubscribe.optional(),
  cmd_t: topicToPublish,
  val_tpl: template,
});

const image = z.strictObject({
  p: z.literal("image"),
  ...entity,
  img_t: topicToSubscribe,
  content_type: z.string().optional(),
});

/** Removes a component. */
const removal = z.strictObject({ p: z.enum(["button", "switch"]) });

export const deviceDiscoverySchema = z
  .strictObject({
    dev: device,
    o: origin,
    ...availability,
    stat_t: topicToSubscribe.optional(),
    cmps: z.record(
      z.string().regex(/^[a-zA-Z0-9_-]+$/),
      z.union([binarySensor, sensor, button, switchEntity, image, removal]),
    ),
  })
  .refine(
    ({ stat_t, cmps }) =>
      Object.values(cmps).every(
        (component) =>
          !/sensor|switch/.test(component.p) || !("name" in component) || stat_t || "stat_t" in component,
      ),
    "a component has no state topic, neither of its own nor of the device",
  );

export const DISCOVERY_TOPIC = /^homeassistant\/device\/[a-zA-Z0-9_-]+\/config$/;
