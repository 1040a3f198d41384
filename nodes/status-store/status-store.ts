import type { Node, NodeAPI, NodeDef } from "node-red";
import type { SnapshotMessage } from "../../contracts";
import type { AnyMessage } from "../../common/node-red";
import { missingStore, type DatabaseNode } from "./database-node";
import { storeNodeStatus } from "./node-status";
import { receiveMessage } from "./receive-message";

interface StatusStoreDef extends NodeDef {
  /** The id of a status-database. */
  database?: string;
}

const SHOW_EVERY_MS = 1000;

export = function (RED: NodeAPI): void {
  function StatusStore(this: Node, definition: StatusStoreDef): void {
    RED.nodes.createNode(this, definition);
    const database = RED.nodes.getNode(definition.database ?? "") as DatabaseNode | null;
    const store = database?.store;
    if (!store) {
      const { status, fault = "choose a database in this status-store node." } = missingStore(database);
      this.status(status);
      this.on("input", (_message, _send, done) => done(new Error(`Nothing can be stored: ${fault}`)));
      return;
    }

    const closing = new AbortController();
    const endFeed = store.feed.subscribe((changes) => this.send([null, { ...changes }]));
    this.on("input", (message: AnyMessage, send, done) => {
      if (message.topic === "snapshot") {
        const sendPart = (part: SnapshotMessage) => send([null, { ...part }]);
        // right after a start nothing is known yet
        store.whenRead(() => store.feed.snapshot(message, sendPart, done, closing.signal));
        return;
      }
      try {
        receiveMessage(store, message, this.id);
        done();
      } catch (error) {
        done(error as Error);
      }
    });

    let shown = "";
    const show = () => {
      const status = storeNodeStatus(store.health());
      if (status.text === shown) return;
      shown = status.text;
      this.status(status);
    };
    const timer = setInterval(show, SHOW_EVERY_MS);
    show();

    // after each deploy: the probe at the other end of the wire may have been made anew
    let stopWaiting: (() => void) | undefined;
    const onStarted = () => {
      stopWaiting?.();
      stopWaiting = store.whenRead(() => this.send(store.confirmed()));
    };
    RED.events.on("flows:started", onStarted);

    this.on("close", (done: () => void) => {
      closing.abort();
      store.dropSource(this.id);
      endFeed();
      clearInterval(timer);
      RED.events.removeListener("flows:started", onStarted);
      stopWaiting?.();
      done();
    });
  }

  RED.nodes.registerType("status-store", StatusStore);
};
