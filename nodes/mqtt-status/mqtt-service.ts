import { isStopped, type HealthReport, type MqttSettings, type Settings } from "../../contracts";
import { tryBroker } from "./broker-trial";
import { FAILURE_LABELS } from "./failure";
import { Publisher, type PublisherOptions } from "./publisher";
import { readPublisherSettings, type PublisherSettings, type ReadContext } from "./publisher-settings";

export interface MqttServiceOptions extends Omit<PublisherOptions, "onChange"> {
  /** What the node's own form says; null: config.yaml's settings come by wire. */
  form: { mqtt: MqttSettings; site?: string } | null;
  context: Pick<ReadContext, "folder" | "clientId" | "apiPort">;
  /** Something that `look` shows has changed. */
  onChange: () => void;
}

/** How it is, for an editor. */
export interface Look {
  fill: "grey" | "green" | "yellow" | "red";
  shape: "dot" | "ring";
  text: string;
}

/** Why there is no publisher. */
type Idle = "waiting" | "off" | "stopped" | "fault";

interface RunFacts {
  /** Epoch ms; null while nothing is to be published. */
  runningSince: number | null;
  /** By hand, since this program began. */
  restarts: number;
  /** A sentence. */
  lastError: string | null;
}

/** Publishes as it is set, and goes on as settings change: from one publisher to the next, never two at once. */
export class MqttService {
  private publisher?: Publisher;
  private idle: Idle = "waiting";
  private fault?: string;
  private wire?: Settings;
  private said = "";
  private wanted?: PublisherSettings;
  /** The end of the publisher before, which the next one waits for: both may have the same client id. */
  private changing: Promise<void> = Promise.resolve();
  private testing: Promise<void> = Promise.resolve();
  private closed = false;
  private publishedBefore = 0;
  private lastPublishedBefore: number | null = null;
  /** For the page of settings. */
  private readonly run: RunFacts = { runningSince: null, restarts: 0, lastError: null };

  constructor(private readonly options: MqttServiceOptions) {}

  start(): void {
    if (this.options.form) this.decide();
  }

  async stop(): Promise<void> {
    this.closed = true;
    this.wanted = undefined;
    await this.change();
  }

  /** What config.yaml says. */
  configure(settings: Settings): void {
    this.wire = settings;
    this.decide();
  }

  /** Begins anew, with the same settings. */
  restart(): void {
    const { wanted } = this;
    if (!wanted) return;
    this.run.restarts++;
    void this.change(true);
  }

  /** Tries a connection with the settings in the message's payload, and answers it. One at a time. */
  test(message: Record<string, unknown>): void {
    const { options, wire } = this;
    const inForce = options.form?.mqtt ?? wire?.mqtt;
    const context = { ...options.context, site: wire?.site, timezone: wire?.timezone ?? "UTC" };
    this.testing = this.testing.then(async () => {
      if (this.closed) return;
      const payload = await tryBroker(message.payload, inForce, context, options.clock);
      if (!this.closed) options.outputs.answer({ ...message, statusCode: 200, payload });
    });
  }

  /** After a deploy the nodes at the other ends of the wires may be others. */
  refresh(): void {
    this.publisher?.streams?.refresh();
  }

  /** Who takes the messages of the wires; none while nothing is published. */
  get current(): Publisher | undefined {
    return this.publisher;
  }

  get look(): Look {
    const { publisher } = this;
    if (!publisher) {
      if (this.idle === "fault") return { fill: "red", shape: "ring", text: this.fault ?? "" };
      const texts = { waiting: "waiting for settings", off: "switched off", stopped: "stopped" };
      return { fill: "grey", shape: "ring", text: texts[this.idle] };
    }
    const { broker, connected, failure, problems } = publisher;
    if (connected) {
      const [problem] = problems;
      return problem === undefined
        ? { fill: "green", shape: "dot", text: `connected to ${broker}` }
        : { fill: "yellow", shape: "ring", text: `connected, but: ${problem}` };
    }
    if (!failure) return { fill: "yellow", shape: "ring", text: `connecting to ${broker}` };
    return { fill: "red", shape: "ring", text: `${FAILURE_LABELS[failure.kind]}: ${broker}` };
  }

  health(): Omit<HealthReport, "source"> {
    const { publisher } = this;
    return {
      part: "mqtt",
      running: publisher?.connected ?? false,
      problems: publisher?.problems ?? (this.fault === undefined ? [] : [this.fault]),
      details: {
        connected: publisher?.connected ?? false,
        published: this.publishedBefore + (publisher?.published ?? 0),
        queued: publisher?.queued ?? 0,
        lastPublishedAt: publisher?.lastPublishedAt ?? this.lastPublishedBefore,
        ...this.run,
        ...(publisher ? { broker: publisher.broker, ...publisher.streams?.details } : { idle: this.idle }),
      },
    };
  }

  private changed(): void {
    this.run.lastError = this.publisher?.failure?.text ?? this.run.lastError;
    this.options.onChange();
  }

  private decide(): void {
    const { form, context } = this.options;
    const { wire } = this;
    const mqtt = form?.mqtt ?? wire?.mqtt;
    this.fault = undefined;
    this.wanted = undefined;
    if (!mqtt) this.idle = "waiting";
    else if (wire && isStopped(wire, "mqtt")) this.idle = "stopped";
    else if (!mqtt.enabled) this.idle = "off";
    else {
      const site = form?.site ?? wire?.site;
      const read = readPublisherSettings(mqtt, { ...context, site, timezone: wire?.timezone ?? "UTC" });
      this.idle = "fault";
      this.fault = read.fault;
      this.run.lastError = read.fault ?? this.run.lastError;
      this.wanted = read.settings;
      this.say(read.fault, read.warnings);
    }
    if (this.wanted && this.publisher?.configure(this.wanted)) this.options.onChange();
    else void this.change();
  }

  /** Once for each change. */
  private say(fault: string | undefined, warnings: readonly string[]): void {
    const all = [fault, ...warnings].join("\n");
    if (all === this.said) return;
    this.said = all;
    const { logger } = this.options;
    if (fault !== undefined) logger.error(fault);
    for (const warning of warnings) logger.warn(warning);
  }

  /** Ends the publisher that is there, and begins one with what is wanted by then. */
  private change(anew = false): Promise<void> {
    this.changing = this.changing.then(async () => {
      const { publisher } = this;
      if (publisher) {
        if (!anew && this.wanted && publisher.configure(this.wanted)) return;
        this.publisher = undefined;
        this.run.runningSince = null;
        await publisher.stop(this.wanted);
        this.publishedBefore += publisher.published;
        this.lastPublishedBefore = publisher.lastPublishedAt ?? this.lastPublishedBefore;
      }
      if (this.wanted && !this.closed) {
        const onChange = () => this.changed();
        this.publisher = new Publisher({ ...this.options, onChange }, this.wanted);
        this.run.runningSince = this.options.clock.now();
        this.publisher.start();
      }
      if (!this.closed) this.options.onChange();
    });
    return this.changing;
  }
}
