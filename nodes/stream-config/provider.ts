import type { RestartMessage } from "../../contracts/edits";
import type { StreamsMessage } from "../../contracts/messages";
import type { EditorAnswer } from "./config-editor";

/** All streams; without settings where no file holds any. */
export type ProvidedStreams = Omit<StreamsMessage, "settings"> & Partial<Pick<StreamsMessage, "settings">>;

/** What a provider sends. `forget`: streams that were deleted with their history. */
export type ProviderMessage = ProvidedStreams | RestartMessage | { topic: "forget"; payload: string[] };

/** Where a stream-config node's streams come from: a file, or its own form. */
export interface Provider {
  /** Resolves when the first configuration was handed on. Rejects only for bugs. */
  start(): Promise<void>;
  /** Hands on what is in force, changed or not. */
  reload(): Promise<void>;
  stop(): Promise<void>;
  /** @returns undefined when the message is none of contracts/edits.ts */
  answer(message: Readonly<Record<string, unknown>>): Promise<EditorAnswer> | undefined;
}
