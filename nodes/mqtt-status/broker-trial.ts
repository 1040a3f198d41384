import type { Clock } from "../../common/clock";
import { firstIssue } from "../../common/first-issue";
import { brokerPlaceName, isSameBroker } from "../../common/secret-place";
import { MASKED_SECRET, mqttSettingsSchema, type MqttSettings } from "../../contracts";
import { brokerName, clientOptions, SetupError, type BrokerSettings } from "./broker-settings";
import { readPublisherSettings, type ReadContext } from "./publisher-settings";
import type { FailureKind } from "./failure";
import { BrokerSession } from "./session";

/** How a connection went that was tried once. `message` is a sentence for a person, without credentials. */
export interface Trial {
  ok: boolean;
  /** For who tells it in another language. */
  code: FailureKind | "connected" | "password";
  message: string;
}

/** A name of the environment as it stands in config.yaml; `$${` there is the text `${`. */
const REFERENCE = /(?<!\$)\$\{[A-Za-z_]\w*\}/;

/**
 * Connects once with settings that somebody typed, publishes nothing, and leaves.
 * @param typed `mqtt:` of config.yaml as it is written there. Where the password is masked, or `${NAME}` stands, the
 * value in force is meant. The environment itself is never looked at: whoever types must not choose what is sent where.
 */
export async function tryBroker(
  typed: unknown,
  inForce: MqttSettings | undefined,
  context: ReadContext,
  clock: Clock,
): Promise<Trial> {
  const { written, hidden } = resolve(typed, inForce);
  const parsed = mqttSettingsSchema.safeParse(written);
  if (!parsed.success) return notTried("setup", `mqtt.${firstIssue(parsed.error)}.`);
  const mqtt = { ...parsed.data, enabled: true };
  // what is hidden goes only where it was saved for
  const [key] = hidden;
  if (key !== undefined && !isSameBroker(mqtt, inForce ?? {})) {
    const name = brokerPlaceName(inForce ?? {});
    const was = name === undefined ? "none is saved" : `the hidden one was for ${name}`;
    return key === "password"
      ? notTried("password", `Type the password: ${was}.`)
      : notTried("setup", `mqtt.${key} names the environment: type the value itself; ${was}.`);
  }
  const { settings, fault } = readPublisherSettings(mqtt, context);
  if (!settings) return notTried("setup", fault ?? "These settings do not serve.");
  // the client id of the publisher would end its connection
  const clientId = `${settings.broker.clientId}_test`;
  return connectOnce({ ...settings.broker, clientId, willTopic: undefined }, clock);
}

function notTried(code: Trial["code"], message: string): Trial {
  return { ok: false, code, message };
}

/** @returns `hidden`: the keys that took the value in force, the password first, without those that say where it goes */
function resolve(typed: unknown, inForce: MqttSettings | undefined): { written: unknown; hidden: string[] } {
  if (typeof typed !== "object" || typed === null || Array.isArray(typed))
    return { written: typed, hidden: [] };
  const written: Record<string, unknown> = { ...typed };
  const hidden: string[] = [];
  for (const key of Object.keys(mqttSettingsSchema.shape) as (keyof MqttSettings)[]) {
    const value = written[key];
    if (typeof value !== "string") continue;
    if (!REFERENCE.test(value) && !(key === "password" && value === MASKED_SECRET)) {
      written[key] = value.replaceAll("$${", "${");
      continue;
    }
    written[key] = inForce?.[key];
    if (key === "password") hidden.unshift(key);
    else if (key !== "host" && key !== "use_tls") hidden.push(key);
  }
  return { written, hidden };
}

async function connectOnce(broker: BrokerSettings, clock: Clock): Promise<Trial> {
  const place = { broker: brokerName(broker), clientId: broker.clientId };
  try {
    const client = await clientOptions(broker);
    return await new Promise<Trial>((resolve, reject) => {
      const session = new BrokerSession({
        ...{ client, place, clock, onMessage: () => {} },
        onOpen: () => {
          const message = `Connected to the broker ${place.broker}.`;
          session.close().then(() => resolve({ ok: true, code: "connected", message }), reject);
        },
        onEnd: ({ kind, text }) => resolve({ ok: false, code: kind, message: text }),
      });
      session.start().catch(reject);
    });
  } catch (error) {
    if (error instanceof SetupError) return notTried("setup", error.message);
    throw error;
  }
}
