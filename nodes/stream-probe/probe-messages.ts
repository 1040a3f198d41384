import type { Rename } from "../../common/renames";
import type { Check, Outage, StreamState, Transition } from "../../contracts/check";
import type { Stream } from "../../contracts/stream";
import type { EngineStatistics, Pauses } from "./engine";
import type { MonitorSettings } from "./monitored-stream";
import type { TestAnswer } from "./stream-tests";

/** What passes between Node-RED's thread and the thread that probes. */

export type ToWorker =
  | {
      kind: "streams";
      streams: Stream[];
      settings: MonitorSettings;
      renames: Rename[];
      /** The monitor was stopped by hand. */
      stopped: boolean;
    }
  | { kind: "confirmed"; states: StreamState[]; lastSeq: number }
  | { kind: "pauses"; pauses: Pauses }
  | { kind: "check"; names: string[]; level?: "deep" }
  | { kind: "session"; stream: string; open: boolean }
  | { kind: "test"; id: number; stream: Stream }
  | { kind: "stop" };

export type FromWorker =
  | { kind: "checks"; checks: Check[] }
  | { kind: "transition"; transition: Transition }
  | { kind: "outage"; outage: Outage }
  | { kind: "states"; states: StreamState[] }
  | { kind: "picture"; stream: string; jpeg: Uint8Array }
  | { kind: "tested"; id: number; answer: TestAnswer }
  /** A process that it has started, or that has ended: nobody else can end it when the thread dies. */
  | { kind: "child"; pid: number; runs: boolean }
  | { kind: "statistics"; statistics: EngineStatistics };
