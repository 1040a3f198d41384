import type { TestContext } from "node:test";
import { settingsSchema, type LiveStream, type Transition } from "../../contracts";
import { systemClock, type Clock } from "../../common/clock";
import type { IncomingMessage, Link, PublishOptions } from "../../nodes/mqtt-status/link";
import { MqttService } from "../../nodes/mqtt-status/mqtt-service";
import type { Outputs } from "../../nodes/mqtt-status/outputs";
import type { QuestionMessage } from "../../nodes/mqtt-status/questions";
import { receiveMessage } from "../../nodes/mqtt-status/receive-message";
import { RecordingLogger } from "../support/recording-logger";

export const INSTALLATION = "0123456789ab";
export const AT = Date.UTC(2026, 0, 15, 12, 0, 0);

export function liveStream(id: number, name: string, extra: Partial<LiveStream> = {}): LiveStream {
  return {
    ...{ id, name, position: id, group: null, tags: [], enabled: true, url: "rtsp://192.0.2.1" },
    ...{ state: "up", reason: "ok", since: AT, media: null },
    last: {
      ...{ at: AT + 1000, state: "up", reason: "ok", message: "RTSP 200", latencyMs: 12.4 },
      ...{ timings: {}, level: "handshake" },
    },
    ...extra,
  };
}

export function transition(seq: number, stream = "Gate", extra: Partial<Transition> = {}): Transition {
  const [from, to] = seq % 2 === 0 ? (["down", "up"] as const) : (["up", "down"] as const);
  return {
    ...{
      stream,
      from,
      to,
      reason: to === "up" ? "ok" : "timeout",
      message: to === "up" ? "RTSP 200" : "timeout",
    },
    ...{ at: AT + seq * 1000, previousDurationMs: 1000, level: "handshake", seq },
    ...extra,
  };
}

/** One that happened just now. */
export function recent(seq: number): Transition {
  return transition(seq, "Gate", { at: Date.now() });
}

export interface Sent extends PublishOptions {
  topic: string;
  payload: string;
}

/** What a test reads of a stream's kept state. */
export interface StateMessage {
  id: number;
  name: string;
  state: string;
  uptime_24h: number | null;
  enabled: boolean;
  since: string;
}

/** A broker that takes everything, or nothing. */
export class FakeLink implements Link {
  readonly sent: Sent[] = [];
  readonly subscribed: string[] = [];
  congested = false;
  receiveMaximum = 65_535;
  /** Messages with QoS 1 that nobody has confirmed yet. */
  readonly waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  /** Confirms at once. */
  confirms = true;
  /** Why it takes nothing. */
  refusal?: Error;

  publish(topic: string, payload: string | Buffer, { qos, retain }: PublishOptions): Promise<void> {
    if (this.refusal) return Promise.reject(this.refusal);
    this.sent.push({ topic, payload: payload.toString(), qos, retain });
    if (qos === 0 || this.confirms) return Promise.resolve();
    return new Promise((resolve, reject) => void this.waiting.push({ resolve, reject }));
  }

  subscribe(topics: readonly string[]): Promise<void> {
    this.subscribed.push(...topics);
    return Promise.resolve();
  }

  unsubscribe(topics: readonly string[]): Promise<void> {
    for (const topic of topics) this.subscribed.splice(this.subscribed.indexOf(topic), 1);
    return Promise.resolve();
  }

  /** What was published there, oldest first. */
  on(topic: string): string[] {
    return this.sent.filter((message) => message.topic === topic).map(({ payload }) => payload);
  }
}

export function incoming(topic: string, payload: string | object, retained = false): IncomingMessage {
  const text = typeof payload === "string" ? payload : JSON.stringify(payload);
  return { topic, payload: Buffer.from(text), retained };
}

/** The nodes at the other ends of the wires: store, query, probe and configuration. */
export class FakeNeighbours implements Outputs {
  streams: LiveStream[] = [];
  transitions: Transition[] = [];
  uptime = 0.99956;
  status = '{"Gate":{"status":"ok"}}\n';
  delivered: number | undefined;
  readonly checked: string[] = [];
  readonly edits: Parameters<Outputs["toConfig"]>[0]["payload"][] = [];
  /** What is done when config.yaml was written. */
  private readonly writing: (() => void)[] = [];
  /** Writes at once. */
  writes = true;
  /** What a change of config.yaml is answered with. */
  editAnswer = 200;
  answers = true;
  /** A store that is begun late hears nothing before. */
  hasStore = true;
  /** How many were asked for. */
  snapshots = 0;
  readonly trials: Record<string, unknown>[] = [];
  private seq = 1;
  private receive: (message: Record<string, unknown>) => void = () => {};

  connect(receive: (message: Record<string, unknown>) => void): void {
    this.receive = receive;
  }

  ask(message: QuestionMessage): void {
    if (!this.answers) return;
    this.reply({ ...message, statusCode: 200, payload: this.answerTo(message) });
  }

  toStore(message: Parameters<Outputs["toStore"]>[0]): void {
    if (!this.answers) return;
    if (message.topic === "delivered") this.delivered = message.payload.seq;
    else if (this.hasStore) {
      this.snapshots++;
      this.reply({ ...message, seq: this.seq, payload: this.streams, part: 0, parts: 1 });
    }
  }

  answer(message: Record<string, unknown>): void {
    this.trials.push(message);
  }

  toProbe({ payload }: Parameters<Outputs["toProbe"]>[0]): void {
    this.checked.push(payload);
  }

  toConfig(message: Parameters<Outputs["toConfig"]>[0]): void {
    const { payload } = message;
    this.edits.push(payload);
    this.writing.push(() => {
      const error = { error: { code: "read_only", message: "config.yaml cannot be written" } };
      if (this.editAnswer >= 400)
        return this.reply({ ...message, statusCode: this.editAnswer, payload: error });
      if (payload.action !== "change-stream") throw new Error(`no command is a ${payload.action}`);
      const { name, stream } = payload;
      this.reply({ ...message, statusCode: this.editAnswer, payload: Buffer.from("") });
      this.change(this.streams.filter((one) => one.name === name).map((one) => ({ ...one, ...stream })));
    });
    if (this.writes) this.write();
  }

  /** Makes one change of config.yaml, the oldest that waits. */
  write(): void {
    this.writing.shift()?.();
  }

  /** Another store takes the place of the one before, which had counted otherwise. */
  beginAnew(streams: LiveStream[]): void {
    this.seq += 5000;
    this.streams = streams;
  }

  /** Tells what is different now. */
  change(streams: LiveStream[], removed: string[] = []): void {
    const ids = new Set(streams.map(({ id }) => id));
    const names = new Set([...removed, ...streams.map(({ name }) => name)]);
    this.streams = [...this.streams.filter(({ id, name }) => !ids.has(id) && !names.has(name)), ...streams];
    this.reply({ topic: "changes", seq: ++this.seq, payload: streams, removed });
  }

  /** A change of state that is stored, and comes by wire. */
  happen(change: Transition): void {
    this.transitions.push(change);
    this.reply({ topic: "transition", payload: change });
  }

  private reply(message: Record<string, unknown>): void {
    setImmediate(() => this.receive(message));
  }

  private answerTo({ query, parameters }: QuestionMessage): Buffer | string {
    if (query === "status") return Buffer.from(this.status);
    if (query === "uptime") {
      const streams = this.streams.map(({ name }) => ({ name, "24h": { uptime: this.uptime } }));
      return JSON.stringify({ streams });
    }
    const lastSeq = this.transitions.at(-1)?.seq ?? 0;
    this.delivered ??= lastSeq;
    const after = (parameters.after as number | undefined) ?? this.delivered;
    const transitions = this.transitions
      .filter(({ seq }) => seq > after)
      .slice(0, parameters.limit as number);
    return JSON.stringify({ transitions, delivered: this.delivered, lastSeq });
  }
}

export interface Rig {
  service: MqttService;
  neighbours: FakeNeighbours;
  logger: RecordingLogger;
  /** Sets `mqtt:` of config.yaml, and what else stands there. */
  configure: (mqtt: Record<string, unknown>, others?: Record<string, unknown>) => void;
}

/** The service with neighbours, which ends with the test. */
export function startService(
  test: TestContext,
  {
    neighbours = new FakeNeighbours(),
    clock = systemClock,
  }: { neighbours?: FakeNeighbours; clock?: Clock } = {},
): Rig {
  const logger = new RecordingLogger();
  const service = new MqttService({
    ...{ clock, logger, random: () => 0, form: null, outputs: neighbours },
    context: { folder: "/nowhere", clientId: "streampulse_test" },
    ...{ consumer: "mqtt-test", installation: INSTALLATION, version: "3.0.0" },
    onChange: () => {},
  });
  neighbours.connect((message) => receiveMessage(service, message));
  test.after(() => service.stop());
  const configure: Rig["configure"] = (mqtt, others = {}) =>
    service.configure(
      settingsSchema.parse({ ...others, mqtt: { enabled: true, host: "127.0.0.1", ...mqtt } }),
    );
  return { service, neighbours, logger, configure };
}
