import type { Clock } from "../../common/clock";
import type { Logger } from "../../common/logger";
import { brokerName } from "./broker-settings";
import { BrokerConnection } from "./connection";
import type { Failure } from "./failure";
import type { IncomingMessage, Link } from "./link";
import type { Outputs } from "./outputs";
import type { PublisherSettings } from "./publisher-settings";
import { Questions } from "./questions";
import { fetchStatus } from "./status-source";
import { StatusTopic, type StatusTopicSettings } from "./status-topic";
import { StreamPublishing } from "./stream-publishing";

export interface PublisherOptions {
  clock: Clock;
  logger: Logger;
  random: () => number;
  outputs: Outputs;
  /** What the store and others know us by. */
  consumer: string;
  installation: string;
  version: string;
  /** Connected or not, a problem or none. */
  onChange: () => void;
}

const FAREWELL_MS = 1000;
/** 10,000 streams are a megabyte of topics, on a line that may be slow. */
const CLEARING_MS = 10_000;

/** One broker and what is published there. Other settings of the broker or the topics want another publisher. */
export class Publisher {
  private readonly connection: BrokerConnection;
  private readonly questions: Questions;
  private readonly status: StatusTopic;
  /** Absent where only v2.2's topic is published. */
  readonly streams?: StreamPublishing;
  private readonly ending = new AbortController();
  private statusProblem?: string;

  /** Messages since the start. */
  published = 0;
  /** Epoch milliseconds; null before the first message. */
  lastPublishedAt: number | null = null;

  constructor(
    private readonly options: PublisherOptions,
    private settings: PublisherSettings,
  ) {
    const { clock, logger, random, outputs, consumer, onChange } = options;
    const onPublished = (messages: number) => this.countPublished(messages);
    this.questions = new Questions(clock, (message) => outputs.ask(message), consumer);
    this.status = new StatusTopic(
      {
        clock,
        read: () => this.readStatus(),
        onPublished: () => onPublished(1),
        onProblem: (problem) => this.setStatusProblem(problem),
      },
      statusTopicSettings(settings),
    );
    if (settings.perStream) {
      this.streams = new StreamPublishing({ ...options, questions: this.questions, onPublished }, settings);
    }
    this.connection = new BrokerConnection({
      ...{ settings: settings.broker, clock, logger, random, onChange },
      onOnline: (link) => this.online(link),
      onOffline: () => this.offline(),
      onMessage: (message) => this.receive(message),
    });
  }

  start(): void {
    this.streams?.start();
    this.connection.start();
  }

  /**
   * Says `offline` and leaves; what is kept at the broker stays. Within two seconds, or twelve where it is cleared.
   * @param next what is published from now on: what it does not take the place of is taken away from the same broker
   */
  async stop(next?: PublisherSettings): Promise<void> {
    const { connection, settings, streams } = this;
    this.ending.abort();
    this.questions.stop();
    this.status.offline();
    await connection.sayOffline(FAREWELL_MS);
    if (next && connection.online && isSameBroker(next, settings) && !isSamePlace(next, settings)) {
      await streams?.clear(next.discovery);
      await connection.sayOffline(CLEARING_MS);
    }
    streams?.stop();
    await connection.stop();
  }

  /** @returns false when these settings need another publisher */
  configure(settings: PublisherSettings): boolean {
    const before = this.settings;
    if (JSON.stringify(settings.broker) !== JSON.stringify(before.broker)) return false;
    if (!isSamePlace(settings, before)) return false;
    this.settings = settings;
    const status = statusTopicSettings(settings);
    const isSameStatus = JSON.stringify(status) === JSON.stringify(statusTopicSettings(before));
    if (!isSameStatus || settings.statusUrl !== before.statusUrl) this.status.configure(status);
    this.streams?.configure(settings);
    return true;
  }

  /** An answer to one of our questions came. */
  answer(question: string, statusCode: number, payload: Buffer | string): void {
    this.questions.answer({ question, statusCode, payload });
  }

  get connected(): boolean {
    return this.connection.online;
  }

  get failure(): Failure | undefined {
    return this.connection.failure;
  }

  get broker(): string {
    return brokerName(this.settings.broker);
  }

  get queued(): number {
    return this.streams?.queued ?? 0;
  }

  get problems(): string[] {
    const { failure, online } = this.connection;
    const problems = failure && !online ? [failure.text] : [];
    if (this.statusProblem !== undefined) problems.push(this.statusProblem);
    return [...problems, ...(this.streams?.problems ?? [])];
  }

  private online(link: Link): void {
    const { willTopic } = this.settings.broker;
    if (willTopic) {
      this.countPublished(1);
      link.publish(willTopic, "online", { qos: 1, retain: true }).catch(() => {});
    }
    this.status.online(link);
    this.streams?.online(link);
  }

  private countPublished(messages: number): void {
    if (messages === 0) return;
    this.published += messages;
    this.lastPublishedAt = this.options.clock.now();
  }

  private offline(): void {
    this.status.offline();
    this.streams?.offline();
  }

  private receive(message: IncomingMessage): void {
    this.streams?.receive(message);
  }

  private readStatus(): Promise<Buffer | string> {
    const { statusUrl } = this.settings;
    return statusUrl === undefined
      ? this.questions.ask("status")
      : fetchStatus(statusUrl, this.ending.signal);
  }

  private setStatusProblem(problem: string | undefined): void {
    if (problem === this.statusProblem) return;
    this.statusProblem = problem;
    if (problem !== undefined) this.options.logger.warn(problem);
    this.options.onChange();
  }
}

function statusTopicSettings({ topics, qos, retain, intervalMs }: PublisherSettings): StatusTopicSettings {
  return { topic: topics.status, qos, retain, intervalMs };
}

function isSameBroker(one: PublisherSettings, other: PublisherSettings): boolean {
  return one.broker.host === other.broker.host && one.broker.port === other.broker.port;
}

/** Whether the kept topics are the same. */
function isSamePlace(one: PublisherSettings, other: PublisherSettings): boolean {
  return one.perStream === other.perStream && one.topics.base === other.topics.base;
}
