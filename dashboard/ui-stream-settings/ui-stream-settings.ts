import type { Node, NodeAPI } from "node-red";
import { systemClock } from "../../common/clock";
import { nodeLogger } from "../../common/node-red";
import { HEALTH_EVENT } from "../../contracts/health";
import { writeRefusal } from "../node/guard";
import { registerWidget, type WidgetDef } from "../node/register-widget";
import { WidgetPort } from "../node/widget-port";
import { WireRequests } from "../node/wire-requests";
import { LargeRequests } from "./large-requests";
import { ServiceReports } from "./service-reports";
import { OUTPUTS, settingsHandlers } from "./settings-handlers";
import { SettingsViewers } from "./settings-viewers";

export = function (RED: NodeAPI): void {
  function UiStreamSettings(this: Node, definition: WidgetDef): void {
    RED.nodes.createNode(this, definition);
    const requests = new WireRequests(this.id, systemClock, (output, message) => {
      this.send(Object.values(OUTPUTS).map((index) => (index === output ? message : null)));
    });
    const viewers = new SettingsViewers(systemClock, (socket, kind, data) => port.push(socket, kind, data));
    const reports = new ServiceReports(() => viewers.changed());
    const large = new LargeRequests();
    const handlers = settingsHandlers({
      requests,
      refusal: () => writeRefusal(RED),
      services: () => reports.services(),
      onViewer: (socket) => viewers.add(socket),
    });
    const port: WidgetPort = new WidgetPort(this.id, large.around(handlers), nodeLogger(this));
    const problem = registerWidget(RED, this, definition, port);
    this.status(problem === null ? {} : { fill: "red", shape: "ring", text: problem });
    RED.events.on(HEALTH_EVENT, reports.take);

    this.on("input", (message, _send, done) => {
      if (!requests.settle(message) && message.topic === "streams") {
        viewers.changed();
      }
      done();
    });
    this.on("close", () => {
      RED.events.off(HEALTH_EVENT, reports.take);
      requests.stop();
      viewers.stop();
      large.stop();
    });
  }

  RED.nodes.registerType("ui-stream-settings", UiStreamSettings);
};
