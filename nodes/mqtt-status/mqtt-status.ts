import { createHash } from "node:crypto";
import type { Node, NodeAPI, NodeDef } from "node-red";
import { systemClock } from "../../common/clock";
import {
  instanceId,
  nodeLogger,
  packageVersion,
  productSettings,
  reportHealth,
  type AnyMessage,
} from "../../common/node-red";
import { installationId } from "./discovery";
import { MqttService } from "./mqtt-service";
import { readForm, type FormCredentials, type MqttStatusForm } from "./read-form";
import { receiveMessage } from "./receive-message";

const REPORT_EVERY_MS = 5000;
const MOST_CHARACTERS = 80;

export = function (RED: NodeAPI): void {
  const instance = instanceId(RED);
  const version = packageVersion();

  function MqttStatus(this: Node<FormCredentials>, definition: NodeDef & MqttStatusForm): void {
    RED.nodes.createNode(this, definition);
    const read = readForm(definition, this.credentials);
    if ("fault" in read) {
      this.status({ fill: "red", shape: "ring", text: shorten(read.fault) });
      this.error(`${read.fault}: mend it in the node's form`);
      return;
    }
    const send = (output: 0 | 1 | 2 | 3 | 4, message: object) => {
      const outputs = [null, null, null, null, null] as (AnyMessage | null)[];
      outputs[output] = message as AnyMessage;
      this.send(outputs);
    };
    const { dataDir, runtime } = productSettings(RED);
    const own = createHash("sha256").update(`${instance} ${this.id}`).digest("hex").slice(0, 8);
    const service = new MqttService({
      clock: systemClock,
      logger: nodeLogger(this),
      random: Math.random,
      form: read.form,
      context: {
        folder: dataDir ?? RED.settings.userDir ?? process.cwd(),
        clientId: `streampulse_${own}`,
        apiPort: runtime?.apiPort,
      },
      consumer: `mqtt-${this.id}`.slice(0, 100),
      installation: installationId(instance),
      version,
      outputs: {
        ask: (message) => send(0, message),
        toStore: (message) => send(1, message),
        toProbe: (message) => send(2, message),
        toConfig: (message) => send(3, message),
        answer: (message) => send(4, message),
      },
      onChange: () => show(),
    });

    let shown = "";
    const show = () => {
      const { fill, shape, text } = service.look;
      const look = `${fill} ${shape} ${text}`;
      if (look !== shown) this.status({ fill, shape, text: shorten(text) });
      shown = look;
      reportHealth(RED, { source: this.id, ...service.health() });
    };
    const timer = setInterval(show, REPORT_EVERY_MS);
    show();
    // what is sent before all nodes are there is lost
    let started = false;
    const onFlowsStarted = () => {
      if (started) service.refresh();
      else service.start();
      started = true;
    };
    RED.events.on("flows:started", onFlowsStarted);

    this.on("input", (message, _send, done) => {
      try {
        receiveMessage(service, message);
        done();
      } catch (error) {
        done(error as Error);
      }
    });
    this.on("close", (done: () => void) => {
      clearInterval(timer);
      RED.events.removeListener("flows:started", onFlowsStarted);
      reportHealth(RED, { source: this.id, withdrawn: true });
      void service.stop().then(done);
    });
  }

  RED.nodes.registerType("mqtt-status", MqttStatus as never, {
    credentials: { username: { type: "text" }, password: { type: "password" } },
  });
};

function shorten(text: string): string {
  return text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS - 1)}…`;
}
