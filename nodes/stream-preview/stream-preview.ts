import type { ServerResponse } from "node:http";
import type { Node, NodeAPI, NodeDef } from "node-red";
import { systemClock } from "../../common/clock";
import { firstIssue } from "../../common/first-issue";
import { nodeLogger, productSettings } from "../../common/node-red";
import type { SessionMessage } from "../../contracts/edits";
import { previewFormSchema } from "../../contracts/forms";
import type { SnapshotImageMessage } from "../../contracts/messages";
import { refusalAnswer } from "./answer";
import { readInput } from "./preview-input";
import { PreviewService } from "./preview-service";
import { Refusal } from "./refusal";

interface StreamPreviewDef extends NodeDef {
  /** How many streams are looked at at once. */
  most_at_once?: string | number;
}

const NOT_GUARDED = new Refusal(
  403,
  "not_guarded",
  "Pictures are shown to nobody here, because nothing asks for a password: set httpNodeAuth in Node-RED's settings.",
);

export = function (RED: NodeAPI): void {
  const isGuarded = () => productSettings(RED).product === true || RED.settings.httpNodeAuth !== undefined;

  function StreamPreview(this: Node, definition: StreamPreviewDef): void {
    RED.nodes.createNode(this, definition);
    const typed = definition.most_at_once;
    const form = previewFormSchema.safeParse({ most_at_once: typed ? Number(typed) : undefined });
    if (!form.success) {
      const problem = `the number of previews ${firstIssue(form.error).replace("most_at_once: ", "")}`;
      this.status({ fill: "red", shape: "ring", text: problem });
      this.error(`${problem}: mend it in the node's form`);
      return;
    }
    const service = new PreviewService({
      clock: systemClock,
      logger: nodeLogger(this),
      env: { ...process.env },
      most: form.data.most_at_once,
      onSession: (stream, open) =>
        this.send([null, { topic: "session", payload: { stream, open } } satisfies SessionMessage, null]),
      onImage: (stream, payload) =>
        this.send([null, null, { topic: "snapshot-image", stream, payload } satisfies SnapshotImageMessage]),
      onWatching: () => show(),
    });
    const show = () => {
      const viewers = service.viewers;
      this.status(viewers > 0 ? { fill: "blue", shape: "dot", text: `${viewers} watching` } : {});
    };
    this.status({ fill: "grey", shape: "ring", text: "waiting for streams" });

    this.on("input", (message, send, done) => {
      const input = readInput(message);
      if (input.kind === "wrong") return done(new Error(input.problem));
      if (input.kind === "streams") {
        for (const problem of input.problems) this.warn(problem);
      }
      const { req, res } = message as { req?: unknown; res?: { _res?: ServerResponse } };
      const answering =
        req !== undefined && !isGuarded()
          ? Promise.resolve(refusalAnswer(NOT_GUARDED, true))
          : service.receive(input, res?._res);
      if (input.kind === "streams") show();
      answering.then((answer) => {
        if (answer) send([Object.assign(message, answer), null, null]);
        done();
      }, done);
    });
    this.on("close", (done: (error?: Error) => void) => {
      service.stop().then(() => done(), done);
    });
  }

  RED.nodes.registerType("stream-preview", StreamPreview);
};
