import type { LiveChangesMessage, LiveStream, SnapshotMessage } from "../../contracts";

/** A stream as the store tells it, up and fine unless the test says otherwise. */
export function liveStream(name: string, parts: Partial<LiveStream> = {}): LiveStream {
  return {
    ...{ id: null, name, position: 0, group: null, tags: [], enabled: true },
    ...{ url: "rtsp://192.0.2.1", state: "up", reason: "ok", since: 1000, media: null },
    last: {
      ...{ at: 2000, state: "up", reason: "ok", message: "RTSP 200" },
      ...{ latencyMs: 12, timings: {}, level: "handshake" },
    },
    ...parts,
  };
}

export function snapshot(seq: number, payload: LiveStream[], part = 0, parts = 1): SnapshotMessage {
  return { topic: "snapshot", seq, payload, part, parts };
}

export function changes(seq: number, payload: LiveStream[], removed: string[] = []): LiveChangesMessage {
  return { topic: "changes", seq, payload, removed };
}
