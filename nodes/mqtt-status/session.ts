import type { IClientOptions, IConnackPacket, MqttClient, Packet } from "mqtt";
import type { Clock } from "../../common/clock";
import { MOST_PACKET_BYTES } from "./broker-settings";
import { closedAtOnce, connectionFailure, refusal, type Failure, type FailurePlace } from "./failure";
import { TooLargeError, type IncomingMessage, type Link, type PublishOptions } from "./link";

export interface SessionOptions {
  client: IClientOptions;
  place: FailurePlace;
  clock: Clock;
  onOpen: () => void;
  onMessage: (message: IncomingMessage) => void;
  /** Once, whatever happened, unless `close` was called. */
  onEnd: (failure: Failure) => void;
}

/** What waits in the socket before others are asked to wait. */
const CONGESTED_BYTES = 256 * 1024;
/** A broker that has not confirmed anything for so long does not take what it is sent. */
const ACK_TIMEOUT_MS = 30_000;
/** Nobody who is asked for commands and kept states sends so many packets within so long. */
const FLOOD_PACKETS = 200_000;
const FLOOD_WINDOW_MS = 10_000;
const DISCONNECT_MS = 500;

/**
 * One connection to the broker from the first packet to its end. Whatever is wrong ends it; a new one is its owner's
 * business.
 */
export class BrokerSession implements Link {
  private client?: MqttClient;
  /** What the standard calls each code. */
  private words: Readonly<Record<number, string>> = {};
  private connack?: IConnackPacket;
  private ended = false;
  private socketError?: Error;
  private unacknowledged = 0;
  private ackTimer: unknown;
  private bytesSincePacket = 0;
  private packets = 0;
  private windowBegan = 0;

  constructor(private readonly options: SessionOptions) {}

  async start(): Promise<void> {
    // most installations never publish, and the library takes 20 MB
    const { connect, ReasonCodes, Store } = await import("mqtt");
    if (this.ended) return;
    this.words = ReasonCodes;
    // one that is closed breaks over packets that came before the end and are read after it
    const store = () => new Store({ clean: false });
    try {
      const client = { ...this.options.client, incomingStore: store(), outgoingStore: store() };
      this.listen((this.client = connect(client)));
    } catch (error) {
      this.end({
        kind: "setup",
        text: `No connection can be made with these settings: ${(error as Error).message}.`,
      });
    }
  }

  publish(topic: string, payload: string | Buffer, options: PublishOptions): Promise<void> {
    const { client } = this;
    if (!client || !this.connack || this.ended) return Promise.reject(new Error("not connected"));
    const { maximumQoS, retainAvailable, maximumPacketSize } = (this.connack.properties ?? {}) as Limits;
    const qos = Math.min(options.qos, maximumQoS ?? 2) as PublishOptions["qos"];
    const retain = options.retain && retainAvailable !== false;
    const bytes = packetBytes(topic, payload, qos);
    // the broker would end the connection
    if (maximumPacketSize !== undefined && bytes > maximumPacketSize) {
      const { broker } = this.options.place;
      const text = `The broker ${broker} takes no message of more than ${maximumPacketSize} bytes; the one on ${topic} has ${bytes}.`;
      return Promise.reject(new TooLargeError(text));
    }
    if (qos === 0) {
      client.publish(topic, payload, { qos, retain });
      return Promise.resolve();
    }
    return this.acknowledged((done) => client.publish(topic, payload, { qos, retain }, done));
  }

  subscribe(topics: readonly string[]): Promise<void> {
    return this.acknowledged((done) =>
      this.client?.subscribe([...topics], { qos: 1 }, (error, granted) => {
        const refused = granted?.find(({ qos }) => qos >= 128);
        done(
          error ?? (refused ? new Error(`the broker refuses to subscribe to ${refused.topic}`) : undefined),
        );
      }),
    );
  }

  unsubscribe(topics: readonly string[]): Promise<void> {
    return this.acknowledged((done) => this.client?.unsubscribe([...topics], done));
  }

  get congested(): boolean {
    return (this.client?.stream.writableLength ?? 0) > CONGESTED_BYTES;
  }

  get receiveMaximum(): number {
    return this.connack?.properties?.receiveMaximum ?? 65_535;
  }

  /** Publishes, and waits so long for the broker's confirmation. */
  async sayLast(topic: string, payload: string, mostMs: number): Promise<void> {
    await this.within(
      mostMs,
      this.publish(topic, payload, { qos: 1, retain: true }).catch(() => {}),
    );
  }

  /** Disconnects as the standard wants it, so that the will is not said, or breaks off when that takes too long. */
  async close(): Promise<void> {
    const { client, connack } = this;
    if (this.ended) return;
    this.ended = true;
    if (client && connack)
      await this.within(
        DISCONNECT_MS,
        client.endAsync().catch(() => {}),
      );
    this.dispose();
  }

  private listen(client: MqttClient): void {
    const { place, onOpen, onMessage } = this.options;
    client.on("connect", (connack) => {
      this.connack = connack;
      onOpen();
    });
    client.on("message", (topic, payload, { retain }) => {
      if (!this.ended) onMessage({ topic, payload, retained: retain });
    });
    client.on("error", (error: Error) => this.end(this.failureOf(error)));
    client.on("close", () => this.end(this.closedFailure()));
    client.on("packetreceive", (packet) => this.watchPacket(packet));
    // an error without a code is not handed on by the library
    client.stream.on("error", (error: Error) => void (this.socketError ??= error));
    client.stream.on("data", ({ length }: Buffer) => {
      this.bytesSincePacket += length;
      if (this.bytesSincePacket <= MOST_PACKET_BYTES) return;
      this.end({
        kind: "protocol",
        text: `The broker ${place.broker} sends a message that is larger than ${MOST_PACKET_BYTES} bytes.`,
      });
    });
  }

  private watchPacket(packet: Packet): void {
    const { place, clock } = this.options;
    this.bytesSincePacket = 0;
    if (packet.cmd === "disconnect") {
      this.end(this.refusalOf(packet.reasonCode ?? 0));
    }
    // the library would keep each until the broker releases it
    else if (packet.cmd === "publish" && packet.qos === 2) {
      this.end({
        kind: "protocol",
        text: `The broker ${place.broker} sends with QoS 2, which nobody asked for.`,
      });
    }
    if (clock.elapsed() - this.windowBegan > FLOOD_WINDOW_MS) {
      this.windowBegan = clock.elapsed();
      this.packets = 0;
    }
    if (++this.packets > FLOOD_PACKETS) {
      this.end({ kind: "protocol", text: `The broker ${place.broker} sends more than anybody asked for.` });
    }
  }

  private failureOf(error: Error & { code?: unknown }): Failure {
    const { place } = this.options;
    const { broker } = place;
    if (typeof error.code === "number" && error.message.startsWith("Connection refused"))
      return this.refusalOf(error.code);
    if (error.message === "connack timeout") {
      return {
        kind: "no_answer",
        text: `What listens at ${broker} does not answer as an MQTT broker: check the port, and whether it wants TLS or WebSocket.`,
      };
    }
    if (error.message === "Keepalive timeout") {
      return { kind: "lost", text: `The broker ${broker} does not answer any more.` };
    }
    return connectionFailure(error, place, this.connack !== undefined);
  }

  private refusalOf(code: number): Failure {
    return refusal(
      code,
      this.words[code] || "it gives no reason",
      this.options.place,
      this.connack !== undefined,
    );
  }

  private closedFailure(): Failure {
    if (this.socketError) return this.failureOf(this.socketError);
    const { place } = this.options;
    if (this.connack) return { kind: "lost", text: `The broker ${place.broker} closed the connection.` };
    return closedAtOnce(place);
  }

  private acknowledged(ask: (done: (error?: Error | null) => void) => unknown): Promise<void> {
    return new Promise((resolve, reject) => {
      this.unacknowledged++;
      this.ackTimer ??= this.waitForAck();
      ask((error) => {
        this.unacknowledged--;
        this.options.clock.clearTimeout(this.ackTimer);
        this.ackTimer = this.unacknowledged > 0 ? this.waitForAck() : undefined;
        if (error) reject(error);
        else resolve();
      });
    });
  }

  private waitForAck(): unknown {
    const { clock, place } = this.options;
    if (this.ended) return undefined;
    return clock.setTimeout(() => {
      this.end({ kind: "lost", text: `The broker ${place.broker} does not confirm what it is sent.` });
    }, ACK_TIMEOUT_MS);
  }

  private end(failure: Failure): void {
    if (this.ended) return;
    this.ended = true;
    this.dispose();
    this.options.onEnd(failure);
  }

  private dispose(): void {
    this.options.clock.clearTimeout(this.ackTimer);
    this.client?.end(true);
    this.client?.stream.destroy();
  }

  private within(ms: number, work: Promise<unknown>): Promise<unknown> {
    const { clock } = this.options;
    let timer: unknown;
    const late = new Promise((resolve) => (timer = clock.setTimeout(() => resolve(undefined), ms)));
    return Promise.race([work, late]).finally(() => clock.clearTimeout(timer));
  }
}

/** MQTT 5: what the broker's CONNACK may rule out. */
interface Limits {
  maximumQoS?: number;
  retainAvailable?: boolean;
  maximumPacketSize?: number;
}

/** Of a PUBLISH without properties (MQTT 5 §3.3). */
function packetBytes(topic: string, payload: string | Buffer, qos: PublishOptions["qos"]): number {
  const packetIdBytes = qos === 0 ? 0 : 2;
  const remaining = 2 + Buffer.byteLength(topic) + packetIdBytes + 1 + Buffer.byteLength(payload);
  let lengthBytes = 1;
  for (let rest = remaining; rest >= 128; rest = Math.floor(rest / 128)) lengthBytes++;
  return 1 + lengthBytes + remaining;
}
