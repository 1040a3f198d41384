import type { NumberLimits } from "../../common/field-check";
import type { Check } from "../../contracts/check";
import type { ConfigAnswer, Edit, ImportFormat, MASKED_SECRET } from "../../contracts/edits";
import type { Service } from "../../contracts/settings";

/** What the settings page and its node say to each other. Types and plain values: browsers get no more of contracts/. */

/** As in contracts/edits.ts. */
export const MASK: typeof MASKED_SECRET = "********";
export const FORMATS = [
  ...(["streampulse", "go2rtc", "frigate", "mediamtx", "uptime-kuma", "m3u", "csv"] as const),
] satisfies ImportFormat[];

/** A larger request comes in parts of this size: the dashboard's socket takes no message above 1 MB. */
export const PART_CHARACTERS = 200_000;
/** Of a whole request: an import of 10 MB, with its quotes escaped. */
export const MOST_CHARACTERS = 24 * 1024 * 1024;

/** What the fields of the forms may hold, by path: `heartbeat_seconds`, `probe.level`. From the schemas of contracts/. */
export interface FieldRules {
  numbers: Record<string, NumberLimits>;
  /** What counts where nothing is written. */
  defaults: Record<string, string | number | boolean>;
}

/** The answer to `config`. */
export interface SettingsAnswer extends ConfigAnswer {
  /** Why nothing can be changed from here, in a sentence; null when it can. */
  refusal: string | null;
  rules: { stream: FieldRules; settings: FieldRules };
}

export interface EditRequest {
  edit: Edit;
  /** Of the file as it was read. Left out where it does not matter what else has changed. */
  revision?: string;
}

export interface ImportRequest {
  format?: ImportFormat;
  text: string;
  apply: boolean;
  names?: string[];
  settings?: boolean;
  revision?: string;
}

/** The answer to `test`. */
export type TestAnswer = Check;

/** The answer to `mqtt-test`: `message` is a sentence, `code` what is the matter. */
export interface MqttTestAnswer {
  ok: boolean;
  code?: string;
  message: string;
}

/** How a service is, from what it reports of itself. */
export interface ServiceReport {
  running: boolean;
  problems: string[];
  details: Record<string, unknown>;
}
/** The answer to `services`. A service of which nothing is heard is missing: no such node runs. */
export type ServicesAnswer = Partial<Record<Service, ServiceReport>>;
