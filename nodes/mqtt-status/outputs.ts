import type { DeliveredMessage, EditMessage } from "../../contracts";
import type { QuestionMessage } from "./questions";

/** Where the node's four outputs lead. */
export interface Outputs {
  /** To a status-query that takes its query from the message; its answer comes back. */
  ask(message: QuestionMessage): void;
  /** To the status-store. */
  toStore(message: DeliveredMessage | { topic: "snapshot"; asker: string }): void;
  /** To the stream-probe. */
  toProbe(message: { topic: "check"; payload: string }): void;
  /** To the stream-config, whose answer comes back with `edited`, the name of the stream. */
  toConfig(message: EditMessage & { edited: string }): void;
}
