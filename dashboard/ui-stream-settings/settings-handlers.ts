import { firstIssue } from "../../common/first-issue";
import { editSchema, importMessageSchema } from "../../contracts/edits";
import { WidgetError } from "../node/widget-error";
import type { BrowserSocket, Handler } from "../node/widget-port";
import type { WireRequests } from "../node/wire-requests";
import { fieldRules } from "./field-rules";
import type { ServicesAnswer } from "./settings-protocol";

/** The outputs, in their order. All of them answer at the input. */
export const OUTPUTS = { config: 0, probe: 1, mqtt: 2 } as const;

/** A test waits for its turn and for a place at the host, and then up to a minute for a slow camera. */
const TEST_MS = 70_000;
const MQTT_TEST_MS = 25_000;
/** 10 MB of another system's configuration, and saving 20,000 streams. The flow's link calls and the gateway wait a little longer. */
export const IMPORT_MS = 60_000;

export interface SettingsHandlersOptions {
  requests: WireRequests;
  /** Why nothing may be changed, in a sentence; null when it may. */
  refusal: () => string | null;
  services: () => ServicesAnswer;
  onViewer: (socket: BrowserSocket) => void;
}

/** What a browser may ask the settings widget. */
export function settingsHandlers(options: SettingsHandlersOptions): Record<string, Handler> {
  const { requests, refusal, services, onViewer } = options;
  const rules = fieldRules();
  /** What opens connections or writes is not for everybody. */
  const guarded =
    (handler: Handler): Handler =>
    (data, socket) => {
      const reason = refusal();
      if (reason !== null) throw new WidgetError("not_guarded", reason);
      return handler(data ?? {}, socket);
    };
  return {
    config: async (_data, socket) => {
      onViewer(socket);
      const { payload } = await requests.ask(OUTPUTS.config, { topic: "config" });
      return { ...(payload as object), refusal: refusal(), rules };
    },
    services: () => services(),
    edit: guarded(async (data) => {
      const { edit, revision } = data as { edit?: unknown; revision?: unknown };
      const parsed = editSchema.safeParse(edit);
      if (!parsed.success) {
        throw new WidgetError("bad_request", `The edit is wrong: ${firstIssue(parsed.error)}.`);
      }
      const message = { topic: "edit", payload: parsed.data, revision };
      return (await requests.ask(OUTPUTS.config, message)).payload;
    }),
    import: guarded(async (data) => {
      const { revision, ...payload } = data as { revision?: unknown };
      const parsed = importMessageSchema.safeParse({ topic: "import", payload, revision });
      if (!parsed.success) {
        throw new WidgetError("bad_request", `The import is wrong: ${firstIssue(parsed.error)}.`);
      }
      return (await requests.ask(OUTPUTS.config, parsed.data, IMPORT_MS)).payload;
    }),
    test: guarded(
      async (data) => (await requests.ask(OUTPUTS.probe, { topic: "test", payload: data }, TEST_MS)).payload,
    ),
    "mqtt-test": guarded(
      async (data) =>
        (await requests.ask(OUTPUTS.mqtt, { topic: "test", payload: data }, MQTT_TEST_MS)).payload,
    ),
  };
}
