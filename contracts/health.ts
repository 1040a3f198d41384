/**
 * How the parts tell the runtime plugin how they are, so that `GET /healthz` answers whatever the flow looks like.
 * Sent as an event of Node-RED's own emitter, because it must not depend on any wire.
 */
export const HEALTH_EVENT = "streampulse:health";

export type HealthPart = "config" | "probe" | "store" | "mqtt";

export interface HealthReport {
  /** The id of the node that reports. */
  source: string;
  part: HealthPart;
  /** False when this part has stopped doing its work. For `probe` and `store` that makes /healthz answer 503. */
  running: boolean;
  /** What a person should know and mend: one sentence each, no credentials. */
  problems: string[];
  /** Numbers worth showing, such as lateness and queue lengths. */
  details: Record<string, unknown>;
}

/** A node that was closed takes its report back. */
export interface HealthWithdrawal {
  source: string;
  withdrawn: true;
}
