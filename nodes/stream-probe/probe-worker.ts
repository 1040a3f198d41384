import process from "node:process";
import { parentPort, type MessagePort } from "node:worker_threads";
import { systemClock } from "../../common/clock";
import { workerLogger } from "../../common/worker-logger";
import type { Stream } from "../../contracts/stream";
import { Resolver } from "../../common/camera/resolver";
import { ProbeEngine } from "./engine";
import { FfmpegTools } from "./ffmpeg";
import { PROBERS } from "./probers";
import type { FromWorker, ToWorker } from "./probe-messages";

/** The thread that probes: an engine between two message ports. */

const STATISTICS_MS = 1000;

function run(port: MessagePort): void {
  const send = (message: FromWorker) => port.postMessage(message);
  const engine = new ProbeEngine({
    clock: systemClock,
    logger: workerLogger(port),
    network: { clock: systemClock, resolver: new Resolver(systemClock), connections: new Set() },
    probers: PROBERS,
    tools: new FfmpegTools(systemClock, process.env, (pid, runs) => send({ kind: "child", pid, runs })),
    output: {
      checks: (checks) => send({ kind: "checks", checks }),
      transition: (transition) => send({ kind: "transition", transition }),
      outage: (outage) => send({ kind: "outage", outage }),
      states: (states) => send({ kind: "states", states }),
      picture: (stream, jpeg) => send({ kind: "picture", stream, jpeg }),
    },
  });
  const timer = setInterval(
    () => send({ kind: "statistics", statistics: engine.statistics() }),
    STATISTICS_MS,
  );
  const test = async (id: number, stream: Stream) => {
    send({ kind: "tested", id, answer: await engine.test(stream) });
  };
  port.on("message", (message: ToWorker) => {
    switch (message.kind) {
      case "streams":
        return engine.setStreams(message.streams, message.settings, message.renames, message.stopped);
      case "confirmed":
        return engine.restore(message.states, message.lastSeq);
      case "pauses":
        return engine.setPauses(message.pauses);
      case "check":
        return engine.checkNow(message.names, message.level);
      case "session":
        return engine.setWatched(message.stream, message.open);
      case "test":
        return void test(message.id, message.stream);
      case "stop":
        clearInterval(timer);
        engine.stop();
        // the last messages are under way: the thread ends when nothing is left to do
        return port.close();
    }
  });
}

if (parentPort) run(parentPort);
