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

/**
 * Connects once with settings that somebody typed, publishes nothing, and leaves.
 * @param typed `mqtt:` of config.yaml; a masked password means the one in force, for the same broker
 */
export async function tryBroker(
  typed: unknown,
  inForce: MqttSettings | undefined,
  context: ReadContext,
  clock: Clock,
): Promise<Trial> {
  const parsed = mqttSettingsSchema.safeParse(typed);
  if (!parsed.success) return notTried("setup", `mqtt.${firstIssue(parsed.error)}.`);
  const mqtt = { ...parsed.data, enabled: true };
  if (isHidden(mqtt.password)) {
    if (!isSameBroker(mqtt, inForce ?? {})) {
      const name = brokerPlaceName(inForce ?? {});
      const was = name === undefined ? "none is saved" : `the hidden one was for ${name}`;
      return notTried("password", `Type the password: ${was}.`);
    }
    mqtt.password = inForce?.password;
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

/** `${NAME}` stands in the file for what only the environment knows. */
function isHidden(password: string | null | undefined): boolean {
  return password === MASKED_SECRET || /^\$\{[^}]*\}$/.test(password ?? "");
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
