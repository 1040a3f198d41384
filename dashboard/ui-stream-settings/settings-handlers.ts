import { editSchema } from "../../contracts/edits";
import { firstIssue } from "../../common/first-issue";
import { WidgetError } from "../node/widget-error";
import type { Handler } from "../node/widget-port";
import type { WireRequests } from "../node/wire-requests";

/** The first output leads to stream-config, and back to the input. */
const CONFIG = 0;

/**
 * What a browser may ask the settings widget.
 * @param refusal why nothing may be changed, in a sentence; null when it may
 */
export function settingsHandlers(
  requests: WireRequests,
  refusal: () => string | null,
): Record<string, Handler> {
  const change = () => {
    const reason = refusal();
    if (reason !== null) throw new WidgetError("not_guarded", reason);
  };
  return {
    config: async () => {
      const { payload } = await requests.ask(CONFIG, { topic: "config" });
      return { ...(payload as object), refusal: refusal() };
    },
    edit: async (data) => {
      change();
      const { edit, revision } = (data ?? {}) as { edit?: unknown; revision?: unknown };
      const parsed = editSchema.safeParse(edit);
      if (!parsed.success)
        throw new WidgetError("bad_edit", `The edit is wrong: ${firstIssue(parsed.error)}.`);
      const { payload } = await requests.ask(CONFIG, { topic: "edit", payload: parsed.data, revision });
      return payload;
    },
  };
}
