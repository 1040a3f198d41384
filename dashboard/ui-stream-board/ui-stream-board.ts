import type { Node, NodeAPI } from "node-red";
import { systemClock } from "../../common/clock";
import { nodeLogger } from "../../common/node-red";
import { HEALTH_EVENT } from "../../contracts/health";
import { writeRefusal } from "../node/guard";
import { registerWidget, type WidgetDef } from "../node/register-widget";
import { WidgetPort } from "../node/widget-port";
import { WireRequests, type WireMessage } from "../node/wire-requests";
import { Board, OUTPUTS } from "./board";
import { boardHandlers } from "./board-handlers";

export = function (RED: NodeAPI): void {
  function UiStreamBoard(this: Node, definition: WidgetDef): void {
    RED.nodes.createNode(this, definition);
    const logger = nodeLogger(this);
    const send = (output: number, message: WireMessage) =>
      this.send(Object.values(OUTPUTS).map((index) => (index === output ? message : null)));
    const requests = new WireRequests(this.id, systemClock, send);
    const board: Board = new Board({
      ...{ id: this.id, clock: systemClock, logger, requests, send },
      push: (socket, kind, data) => port.push(socket, kind, data),
      refusal: () => writeRefusal(RED),
    });
    const port = new WidgetPort(this.id, boardHandlers(board), logger);
    const problem = registerWidget(RED, this, definition, port);
    if (problem !== null) {
      this.status({ fill: "red", shape: "ring", text: problem });
      return;
    }
    this.status({});

    // what is asked before all nodes are there gets lost
    const onStarted = () => board.start();
    RED.events.once("flows:started", onStarted);
    RED.events.on(HEALTH_EVENT, board.info.takeHealth);
    this.on("input", (message, _send, done) => {
      try {
        if (!requests.settle(message)) board.receive(message);
        done();
      } catch (error) {
        done(error as Error);
      }
    });
    this.on("close", () => {
      RED.events.off("flows:started", onStarted);
      RED.events.off(HEALTH_EVENT, board.info.takeHealth);
      board.stop();
      requests.stop();
    });
  }

  RED.nodes.registerType("ui-stream-board", UiStreamBoard);
};
