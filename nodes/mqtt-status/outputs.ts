import type { DeliveredMessage, EditMessage } from "../../contracts";
import type { Trial } from "./broker-trial";
import type { QuestionMessage } from "./questions";

/** Where the node's outputs lead. */
export interface Outputs {
  /** To a status-query that takes its query from the message; its answer comes back. */
  ask(message: QuestionMessage): void;
  /** To the status-store. */
  toStore(message: DeliveredMessage | { topic: "snapshot"; asker: string }): void;
  /** To the stream-probe. */
  toProbe(message: { topic: "check"; payload: string }): void;
  /** To the stream-config, whose answer comes back with `edited`, the name of the stream. */
  toConfig(message: EditMessage & { edited: string }): void;
  /** To whoever asked for a test: their message, with the answer in it. */
  answer(message: Record<string, unknown> & { statusCode: number; payload: Trial }): void;
}
