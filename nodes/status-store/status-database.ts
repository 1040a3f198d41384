import path from "node:path";
import type { Node, NodeAPI, NodeDef } from "node-red";
import { systemClock } from "../../common/clock";
import { HEALTH_EVENT } from "../../contracts";
import { nodeLogger, nodeVersionFault, productSettings, reportHealth } from "../../common/node-red";
import { TOO_OLD, type DatabaseNode } from "./database-node";
import { placeOfFile, SharedStores } from "./shared-stores";
import { Store } from "./store";

interface StatusDatabaseDef extends NodeDef {
  /** Path of streams.db; empty: the product's, then DB_PATH, then one in the user folder. */
  file?: string;
  /** `file`, or `memory` for a device whose disk must not be written to. */
  kind?: string;
}

const REPORT_EVERY_MS = 1000;

export = function (RED: NodeAPI): void {
  const stores = new SharedStores();

  function databaseFile(field = ""): string {
    const userDir = RED.settings.userDir ?? ".";
    if (field.trim() !== "") return path.resolve(userDir, field.trim());
    const product = productSettings(RED).databaseFile;
    return path.resolve(product ?? (process.env.DB_PATH || path.join(userDir, "streampulse", "streams.db")));
  }

  function StatusDatabase(this: Node & DatabaseNode, definition: StatusDatabaseDef): void {
    RED.nodes.createNode(this, definition);
    this.on("close", () => reportHealth(RED, { source: this.id, withdrawn: true }));
    const fault = nodeVersionFault(process.versions.node);
    if (fault !== undefined) {
      this.fault = fault;
      this.status(TOO_OLD);
      this.error(fault);
      return reportHealth(RED, {
        source: this.id,
        part: "store",
        running: false,
        problems: [fault],
        details: {},
      });
    }
    const file = databaseFile(definition.file);
    const memory = definition.kind === "memory";
    const lease = stores.lease(
      memory ? `memory of ${this.id}` : placeOfFile(file),
      () => new Store({ file, memory, clock: systemClock, logger: nodeLogger(this) }),
    );
    const { store } = lease;
    this.store = store;
    RED.events.on(HEALTH_EVENT, store.metrics.noteHealth);
    const report = () => {
      if (lease.isFirst()) reportHealth(RED, { source: this.id, ...store.health() });
    };
    const timer = setInterval(report, REPORT_EVERY_MS);
    report();

    this.on("close", (done: (error?: Error) => void) => {
      clearInterval(timer);
      RED.events.removeListener(HEALTH_EVENT, store.metrics.noteHealth);
      lease.release().then(() => done(), done);
    });
  }

  RED.nodes.registerType("status-database", StatusDatabase);
};
