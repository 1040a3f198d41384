import path from "node:path";
import type { Node, NodeAPI, NodeDef, NodeStatus } from "node-red";
import { systemClock } from "../../common/clock";
import {
  nodeLogger,
  productSettings,
  reportHealth,
  routeRefusal,
  type AnyMessage,
} from "../../common/node-red";
import type { StreamsMessage } from "../../contracts/messages";
import { ConfigEditor, failure, type EditorAnswer } from "./config-editor";
import { ConfigSource, countOf, type ConfigStatus } from "./config-source";

interface StreamConfigDef extends NodeDef {
  /** Empty: the product's file, or CFG_PATH, or a file in the userDir. */
  file: string;
}

export = function (RED: NodeAPI): void {
  function configFile(written: string | undefined): string {
    const userDir = RED.settings.userDir ?? process.cwd();
    const chosen = written?.trim() || productSettings(RED).configFile || process.env.CFG_PATH?.trim();
    return path.resolve(userDir, chosen || path.join("streampulse", "config.yaml"));
  }

  function StreamConfigNode(this: Node, definition: StreamConfigDef): void {
    RED.nodes.createNode(this, definition);
    const file = configFile(definition.file);
    const env = { ...process.env };
    const logger = nodeLogger(this);
    let message: StreamsMessage | undefined;
    const source = new ConfigSource({
      file,
      env,
      clock: systemClock,
      logger,
      onConfig: ({ streams, settings, renames }) => {
        message = { topic: "streams", payload: streams, settings };
        this.send(renames ? { ...message, renames } : message);
      },
      onStatus: (status) => {
        this.status(nodeStatus(status));
        reportHealth(RED, {
          source: this.id,
          part: "config",
          running: true,
          problems: status.problems,
          details: { file: path.basename(file), streams: status.streams },
        });
      },
    });
    const editor = new ConfigEditor({
      source,
      env,
      logger,
      onForget: (names) => this.send({ topic: "forget", payload: names }),
      onRestart: (service) => this.send({ topic: "restart", payload: service }),
    });

    // what is sent before all nodes are there is lost, and a deploy of the nodes behind this one makes them anew
    let started = false;
    const onFlowsStarted = () => {
      if (message) this.send(message);
      if (!started) source.start().catch((error: unknown) => this.error(error));
      started = true;
    };
    RED.events.on("flows:started", onFlowsStarted);

    const answerOf = (message: AnyMessage) => {
      const refused = isForEditor(message) ? routeRefusal(RED, message) : undefined;
      if (refused) return Promise.resolve(failure(403, refused.code, refused.message));
      return editor.answer(message);
    };
    this.on("input", (message, send, done) => {
      const asked = answerOf(message);
      if (!asked) return void source.reload().then(() => done(), done);
      asked.then((answer) => {
        send([null, withAnswer(message, answer)]);
        done();
      }, done);
    });
    this.on("close", (done: (error?: Error) => void) => {
      RED.events.off("flows:started", onFlowsStarted);
      reportHealth(RED, { source: this.id, withdrawn: true });
      Promise.all([source.stop(), editor.stop()]).then(() => done(), done);
    });
  }

  RED.nodes.registerType("stream-config", StreamConfigNode);
};

function isForEditor({ topic }: AnyMessage): boolean {
  return topic === "config" || topic === "edit" || topic === "import";
}

/** An `http response` would hand an object to any page that asks for it as a script: it gets text. */
function withAnswer(message: AnyMessage, { payload, ...answer }: EditorAnswer): AnyMessage {
  const isText = message.res !== undefined && typeof payload !== "string";
  return Object.assign(message, answer, { payload: isText ? JSON.stringify(payload) : payload });
}

const MOST_CHARACTERS = 80;

function nodeStatus({ streams, problemCount, refused }: ConfigStatus): NodeStatus {
  if (refused !== undefined) {
    const text = refused.length > MOST_CHARACTERS ? `${refused.slice(0, MOST_CHARACTERS - 1)}…` : refused;
    return { fill: "red", shape: "ring", text };
  }
  const text = countOf(streams, "stream");
  if (problemCount === 0) return { fill: "green", shape: "dot", text };
  return { fill: "yellow", shape: "ring", text: `${text}, ${countOf(problemCount, "problem")}` };
}
