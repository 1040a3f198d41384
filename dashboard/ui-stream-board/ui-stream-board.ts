import type { Node, NodeAPI } from "node-red";
import { systemClock } from "../../common/clock";
import { nodeLogger } from "../../common/node-red";
import { registerWidget, type WidgetDef } from "../node/register-widget";
import { WidgetPort } from "../node/widget-port";
import { WireRequests } from "../node/wire-requests";

/** The outputs, in their order. */
const OUTPUTS = 4;

export = function (RED: NodeAPI): void {
  function UiStreamBoard(this: Node, definition: WidgetDef): void {
    RED.nodes.createNode(this, definition);
    const requests = new WireRequests(this.id, systemClock, (output, message) => {
      this.send(Array.from({ length: OUTPUTS }, (_, index) => (index === output ? message : null)));
    });
    const port = new WidgetPort(this.id, {}, nodeLogger(this));
    const problem = registerWidget(RED, this, definition, port);
    this.status(problem === null ? {} : { fill: "red", shape: "ring", text: problem });

    this.on("input", (message, _send, done) => {
      requests.settle(message);
      done();
    });
    this.on("close", () => requests.stop());
  }

  RED.nodes.registerType("ui-stream-board", UiStreamBoard);
};
