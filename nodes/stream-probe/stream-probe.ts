import type { Node, NodeAPI, NodeDef } from "node-red";
import { systemClock } from "../../common/clock";
import { nodeLogger, reportHealth, runtimeLogger } from "../../common/node-red";
import type {
  ChecksMessage,
  OutageMessage,
  PictureMessage,
  StatesMessage,
  TransitionMessage,
} from "../../contracts/messages";
import { settingsSchema } from "../../contracts/settings";
import { obey } from "./obey-input";
import { ProbeClient } from "./probe-client";
import { readInput } from "./probe-input";
import { ProbeReporter, type ProbeReport } from "./probe-report";
import { idleMonitor, TestDesk } from "./test-desk";
import { testRoute } from "./test-route";

/** The editor's form. Its values are used for lists of streams that come without settings of their own. */
interface StreamProbeConfig extends NodeDef {
  heartbeat_seconds: string | number;
  timeout_ms: string | number;
  confirm_failures: string | number;
}

type Message = ChecksMessage | TransitionMessage | OutageMessage | StatesMessage | PictureMessage;

const COLOURS = { none: "grey", up: "green", degraded: "yellow", down: "red" } as const;

export = function (RED: NodeAPI): void {
  const desk = new TestDesk(systemClock, () => idleMonitor(systemClock, runtimeLogger(RED, "stream-probe")));
  const secretsOf = (node: string) => RED.nodes.getCredentials(node) as Record<string, unknown> | undefined;
  const mayWrite = RED.auth.needsPermission("stream-probe.write");
  RED.httpAdmin.post("/stream-probe/test", mayWrite, testRoute(desk, secretsOf));

  function StreamProbe(this: Node, config: StreamProbeConfig) {
    RED.nodes.createNode(this, config);
    const send = (output: 0 | 1 | 2 | 4, message: Message) => this.send(onOutput(output, message));
    const show = (report: ProbeReport) => {
      const { running, problems, details, text, worst } = report;
      this.status({ fill: COLOURS[worst], shape: running && problems.length === 0 ? "dot" : "ring", text });
      reportHealth(RED, { source: this.id, part: "probe", running, problems, details });
    };
    const reporter = new ProbeReporter();
    const client = new ProbeClient({
      clock: systemClock,
      logger: nodeLogger(this),
      onChecks: (checks) => send(0, { topic: "checks", payload: checks }),
      onTransition: (transition) => send(1, { topic: "transition", payload: transition }),
      onOutage: (outage) => send(1, { topic: "outage", payload: outage }),
      onStates: (states) => send(2, { topic: "states", payload: states }),
      onPicture: (stream, payload) => send(4, { topic: "picture", stream, payload }),
      onStatistics: (statistics) => show(reporter.report(statistics, client.facts)),
    });

    const form = settingsSchema.safeParse({
      heartbeat_seconds: numberOf(config.heartbeat_seconds),
      probe: { timeout_ms: numberOf(config.timeout_ms), confirm_failures: numberOf(config.confirm_failures) },
    });
    if (!form.success) {
      const { path, message } = form.error.issues[0] ?? { path: [], message: "is not valid" };
      this.status({ fill: "red", shape: "ring", text: `${path.join(".")} ${message}` });
      this.error(`${path.join(".")} ${message}: mend it in the node's form`);
      return;
    }
    client.start();
    const ended = desk.add(client);

    this.on("input", (message, sendAnswer, done) => {
      const input = readInput(message);
      if (input.kind === "wrong") return done(new Error(input.problem));
      if (input.kind === "streams") for (const problem of input.problems) this.warn(problem);
      const reply = obey(client, input, form.data);
      if (!reply) return done();
      reply.then((answer) => {
        sendAnswer(onOutput(3, Object.assign(message, answer)));
        done();
      }, done);
    });

    this.on("close", (done: () => void) => {
      ended();
      reportHealth(RED, { source: this.id, withdrawn: true });
      void client.stop().then(done);
    });
  }

  RED.nodes.registerType("stream-probe", StreamProbe as never);
};

/** What a node with five outputs sends on one of them. */
function onOutput<T>(output: number, message: T): (T | null)[] {
  return [0, 1, 2, 3, 4].map((index) => (index === output ? message : null));
}

/** What an editor's field holds: a number, a number as text, or nothing. */
function numberOf(field: string | number | undefined): number | undefined {
  return field === undefined || field === "" ? undefined : Number(field);
}
