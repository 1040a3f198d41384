import type { TestContext } from "node:test";
import type { AedesOptions } from "aedes" with { "resolution-mode": "import" };
import { MqttBroker } from "../../demo/mqtt-broker";
import { until } from "../support/until";

export interface Heard {
  topic: string;
  payload: string;
  qos: number;
  retain: boolean;
}

/** A broker that keeps what it was sent, and ends with the test. */
export class WatchedBroker extends MqttBroker {
  readonly heard: Heard[] = [];
  /** What it keeps, by topic. */
  readonly kept = new Map<string, string>();

  static async start(test: TestContext, options: AedesOptions = {}, port = 0): Promise<WatchedBroker> {
    const broker = new WatchedBroker(options);
    test.after(() => broker.stop());
    await broker.start(port);
    broker.inner.on("publish", ({ topic, payload, qos, retain }, client) => {
      if (topic.startsWith("$SYS")) return;
      const text = payload.toString();
      if (client) broker.heard.push({ topic, payload: text, qos, retain });
      if (!retain) return;
      if (text === "") broker.kept.delete(topic);
      else broker.kept.set(topic, text);
    });
    return broker;
  }

  /** Publishes as some other client would. */
  say(topic: string, payload: string | object, { retain = false } = {}): Promise<void> {
    const text = typeof payload === "string" ? payload : JSON.stringify(payload);
    const packet = { cmd: "publish", topic, payload: text, qos: 0, retain, dup: false } as const;
    return new Promise((resolve, reject) => {
      this.inner.publish(packet, (error) => (error ? reject(error) : resolve()));
    });
  }

  on(topic: string): string[] {
    return this.heard.filter((message) => message.topic === topic).map(({ payload }) => payload);
  }

  /** Waits until something is kept there, or until it is so. */
  async keeps<T = unknown>(topic: string, isSo: (value: T) => boolean = () => true): Promise<T> {
    let value: T | undefined;
    await until(() => {
      const text = this.kept.get(topic);
      if (text === undefined) return false;
      value = (text.startsWith("{") ? JSON.parse(text) : text) as T;
      return isSo(value);
    });
    return value as T;
  }
}
