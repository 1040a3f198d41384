import type { Field } from "../fields/field";

/** The keys of contracts/stream.ts. */
export const MAIN: readonly Field[] = [
  { path: "name", kind: "name", wide: true },
  { path: "url", kind: "url", wide: true },
  { path: "group", kind: "text", suggestions: "groups" },
  { path: "tags", kind: "tags" },
  { path: "enabled", kind: "flag", wide: true },
];

/** What replaces the settings of the same name, folded. */
export const ADVANCED: readonly Field[] = [
  { path: "heartbeat_seconds", kind: "number" },
  { path: "level", kind: "choice", options: ["media", "handshake"] },
  { path: "timeout_ms", kind: "number" },
  { path: "confirm_failures", kind: "number" },
  { path: "picture_minutes", kind: "number" },
  { path: "transport", kind: "choice", options: ["tcp", "udp"] },
  { path: "tls_verify", kind: "flag-choice", options: ["true", "false"] },
];

export const STREAM_FIELDS = [...MAIN, ...ADVANCED];
