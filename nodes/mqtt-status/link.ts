export interface PublishOptions {
  qos: 0 | 1 | 2;
  retain: boolean;
}

/** A message that the broker said it would not take, and that was not sent. The message of the error is a sentence. */
export class TooLargeError extends Error {
  /** As a broker of MQTT 5 would refuse it: packet too large. */
  readonly code = 0x95;
}

/** An open connection to the broker, for those who publish. */
export interface Link {
  /**
   * Resolves when the broker has confirmed it, with QoS 0 at once.
   * @throws Error when the broker refuses it, or the connection ends before; TooLargeError
   */
  publish(topic: string, payload: string | Buffer, options: PublishOptions): Promise<void>;
  /** @throws Error when the broker refuses one of them, or the connection ends before */
  subscribe(topics: readonly string[]): Promise<void>;
  unsubscribe(topics: readonly string[]): Promise<void>;
  /** The broker takes less than it is given: who can wait should. */
  readonly congested: boolean;
  /** How many messages with QoS 1 or 2 may be under way at once, as the broker said. */
  readonly receiveMaximum: number;
}

export interface IncomingMessage {
  topic: string;
  payload: Buffer;
  /** It was kept by the broker and is not sent just now. */
  retained: boolean;
}
