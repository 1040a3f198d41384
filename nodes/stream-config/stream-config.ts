import path from "node:path";
import type { Node, NodeAPI, NodeDef } from "node-red";
import { systemClock } from "../../common/clock";
import { urlCredentials } from "../../common/form-streams";
import {
  nodeLogger,
  productSettings,
  reportHealth,
  routeRefusal,
  type AnyMessage,
} from "../../common/node-red";
import { isForEditor, withAnswer } from "./answer-message";
import { failure } from "./config-editor";
import type { ConfigStatus } from "./config-source";
import type { Environment } from "./environment";
import { FileConfig } from "./file-config";
import { FormConfig } from "./form-config";
import { nodeStatus } from "./node-status";
import type { ProvidedStreams, ProviderMessage } from "./provider";

interface StreamConfigDef extends NodeDef {
  /** `form`: the streams of the form. Everything else, as in flows of before: a file. */
  source?: "file" | "form";
  /** Empty: the product's file, or CFG_PATH, or a file in the userDir. */
  file: string;
  /** Of the form: see common/form-streams.ts. */
  streams?: unknown;
}

export = function (RED: NodeAPI): void {
  /** How the streams of each form were called when it was last deployed: a deploy makes the nodes anew. */
  const formNames = new Map<string, ReadonlyMap<string, string>>();

  function configFile(written: string | undefined): string {
    const userDir = RED.settings.userDir ?? process.cwd();
    const chosen = written?.trim() || productSettings(RED).configFile || process.env.CFG_PATH?.trim();
    return path.resolve(userDir, chosen || path.join("streampulse", "config.yaml"));
  }

  function StreamConfigNode(this: Node<Environment>, definition: StreamConfigDef): void {
    RED.nodes.createNode(this, definition);
    const isForm = definition.source === "form";
    const file = configFile(definition.file);
    const details = isForm ? { form: true } : { file: path.basename(file) };
    let last: ProvidedStreams | undefined;
    const common = {
      env: { ...process.env },
      logger: nodeLogger(this),
      onMessage: (message: ProviderMessage) => {
        // who hears of the streams again has heard of the renames
        if (message.topic === "streams") last = withoutRenames(message);
        this.send(message);
      },
      onStatus: (status: ConfigStatus) => {
        this.status(nodeStatus(status));
        const { problems, streams } = status;
        const report = { part: "config", running: true, problems, details: { ...details, streams } } as const;
        reportHealth(RED, { source: this.id, ...report });
      },
    };
    const form = {
      lines: definition.streams,
      secrets: this.credentials ?? {},
      before: formNames.get(this.id),
    };
    const provider = isForm
      ? new FormConfig({ ...common, ...form })
      : new FileConfig({ ...common, file, clock: systemClock });
    if (provider instanceof FormConfig) formNames.set(this.id, provider.names);

    // what is sent before all nodes are there is lost, and a deploy of the nodes behind this one makes them anew
    let started = false;
    const onFlowsStarted = () => {
      if (last) this.send(last);
      if (!started) provider.start().catch((error: unknown) => this.error(error));
      started = true;
    };
    RED.events.on("flows:started", onFlowsStarted);

    const answerOf = (message: AnyMessage) => {
      const refused = isForEditor(message) ? routeRefusal(RED, message) : undefined;
      if (refused) return Promise.resolve(failure(403, refused.code, refused.message));
      return provider.answer(message);
    };
    this.on("input", (message, send, done) => {
      const asked = answerOf(message);
      if (!asked) return void provider.reload().then(() => done(), done);
      asked.then((answer) => {
        send([null, withAnswer(message, answer)]);
        done();
      }, done);
    });
    this.on("close", (removed: boolean, done: (error?: Error) => void) => {
      RED.events.off("flows:started", onFlowsStarted);
      reportHealth(RED, { source: this.id, withdrawn: true });
      if (removed) formNames.delete(this.id);
      provider.stop().then(() => done(), done);
    });
  }

  RED.nodes.registerType("stream-config", StreamConfigNode, { credentials: urlCredentials() });
};

function withoutRenames({ renames: _told, ...message }: ProvidedStreams): ProvidedStreams {
  return message;
}
