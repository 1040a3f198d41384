import { MaskFault, maskSecrets, restoreSecrets } from "../../../common/masked-secrets";
import { brokerPlaceName, isSameBroker } from "../../../common/secret-place";
import { MASKED_SECRET } from "../../../contracts/edits";
import type { Environment } from "../environment";
import type { ParsedConfig, WrittenConfig } from "../parse-config";
import { NESTED_SETTINGS, SETTINGS_SHAPE } from "../read-settings";
import { checkValues, type CheckedValues } from "./check-values";
import { emptyChange } from "./config-change";
import { asMap, differences } from "./differences";
import { EditFault, type FieldFault } from "./edit-fault";
import type { EditOf, EditPlan } from "./edit-plan";

export function planSettings(
  { settings }: EditOf<"change-settings">,
  { written }: ParsedConfig,
  env: Environment,
): EditPlan {
  const { values, faults } = checkSettings(settings, written, "settings", env);
  if (faults.length > 0) throw EditFault.ofFields(faults);
  return {
    change: { ...emptyChange(), settings: differences(values, written.settings) },
    status: 200,
    answer: (after) => ({ settings: maskSecrets(after.written.settings) }),
  };
}

/**
 * Checks settings that somebody wants to have in the file, with the secrets that they do not show.
 * @throws EditFault when a secret that they hide is not there, or must not go where they say
 */
export function checkSettings(
  wanted: Record<string, unknown>,
  { settings: before }: WrittenConfig,
  field: string,
  env: Environment,
): CheckedValues {
  const allowed = { shape: SETTINGS_SHAPE, nested: NESTED_SETTINGS, owner: "config.yaml", before };
  const checked = checkValues(restored(wanted, before, field), allowed, field, env);
  const fault = brokerFault(asMap(wanted.mqtt), asMap(before.mqtt), `${field}.mqtt.password`);
  return fault ? { ...checked, faults: [...checked.faults, fault] } : checked;
}

/** The password that stands in the file is for the broker that stands there. */
function brokerFault(
  wanted: Record<string, unknown>,
  before: Record<string, unknown>,
  field: string,
): FieldFault | undefined {
  const isTyped = Object.hasOwn(wanted, "password") && wanted.password !== MASKED_SECRET;
  const isHidden = maskSecrets(before.password, "password") === MASKED_SECRET;
  if (isTyped || !isHidden || isSameBroker({ ...before, ...wanted }, before)) return undefined;
  const name = brokerPlaceName(before);
  const message =
    name === undefined ? "is for no broker yet: type it again" : `was for ${name}: type it again`;
  return { field, message };
}

export function planService({ service, do: what }: EditOf<"service">, { written }: ParsedConfig): EditPlan {
  const services = asMap(written.settings.services);
  const own = asMap(services[service]);
  const isStopped = own.stopped === true;
  const plan: EditPlan = { change: emptyChange(), status: 200, answer: () => ({ service, do: what }) };
  if (what === "stop") {
    if (!isStopped) plan.change.settings = { services: { [service]: { stopped: true } } };
    return plan;
  }
  if ("stopped" in own) {
    // what would be left without a key goes too
    const isLast = Object.keys(own).length === 1;
    const isLastOfAll = isLast && Object.keys(services).length === 1;
    const rest = isLast ? null : { stopped: null };
    plan.change.settings = { services: isLastOfAll ? null : { [service]: rest } };
  }
  return what === "restart" ? { ...plan, restart: service } : plan;
}

function restored(wanted: Record<string, unknown>, known: object, field: string): Record<string, unknown> {
  try {
    return restoreSecrets(wanted, known) as Record<string, unknown>;
  } catch (error) {
    if (!(error instanceof MaskFault)) throw error;
    throw EditFault.ofFields([{ field: [field, ...error.path].join("."), message: error.message }]);
  }
}
