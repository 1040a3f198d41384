import type { Clock } from "../clock";
import type { Connection } from "./connection";
import type { Resolver } from "./resolver";

/** What every probe of one engine shares. */
export interface Network {
  readonly clock: Clock;
  readonly resolver: Resolver;
  /** Every connection that is open now, so that they can be ended together. */
  readonly connections: Set<Connection>;
}
