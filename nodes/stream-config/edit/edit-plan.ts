import type { Edit } from "../../../contracts/edits";
import type { Service } from "../../../contracts/settings";
import type { ParsedConfig } from "../parse-config";
import type { ConfigChange } from "./config-change";

/** What an edit makes of a file. */
export interface EditPlan {
  change: ConfigChange;
  status: 200 | 201;
  /** What the answer says beside the revision, once it is done. */
  answer: (after: ParsedConfig) => Record<string, unknown>;
  /** Places of entries that get another name. */
  renamed?: number[];
  /** Names whose history goes too. */
  forget?: string[];
  restart?: Service;
}

export type EditOf<Action extends Edit["action"]> = Extract<Edit, { action: Action }>;
