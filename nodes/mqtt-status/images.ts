import type { Link } from "./link";
import { streamTopic, type Topics } from "./topics";

export interface ImagesOptions {
  topics: Topics;
  /** Undefined while the stream or its topic is not known. */
  slugOf: (name: string) => string | undefined;
  onPublished: (messages: number) => void;
  onRefused: (error: Error) => void;
  /** A picture of this stream is at the broker. */
  onImage: (name: string) => void;
}

const LARGEST_BYTES = 4 * 1024 * 1024;
/** Of all pictures that wait. */
const MOST_WAITING_BYTES = 16 * 1024 * 1024;
/** What waiting itself takes. */
const ENTRY_BYTES = 1024;

/** The newest picture of each stream, kept at the broker until the next. */
export class Images {
  /** Pictures that came before the broker was there, or while it was slow; the oldest first. By stream. */
  private readonly waiting = new Map<string, Buffer>();
  private waitingBytes = 0;
  private link?: Link;

  constructor(private readonly options: ImagesOptions) {}

  online(link: Link): void {
    this.link = link;
  }

  offline(): void {
    this.link = undefined;
  }

  /** @returns what is wrong with the picture */
  receive(name: string, jpeg: Buffer): string | undefined {
    if (jpeg.length > LARGEST_BYTES) return `the picture is larger than ${LARGEST_BYTES} bytes`;
    // MQTT takes nothing for a wish to forget what is kept
    if (jpeg.length === 0) return "the picture is empty";
    this.take(name);
    this.waiting.set(name, jpeg);
    this.waitingBytes += jpeg.length + ENTRY_BYTES;
    for (const oldest of this.waiting.keys()) {
      if (this.waitingBytes <= MOST_WAITING_BYTES) break;
      this.take(oldest);
    }
    this.publish(name);
    return undefined;
  }

  /** Publishes what waits of this stream, if it can be. */
  publish(name: string): void {
    const { link } = this;
    const { topics, slugOf, onPublished, onRefused, onImage } = this.options;
    const slug = slugOf(name);
    if (!link || link.congested || slug === undefined) return;
    const jpeg = this.take(name);
    if (!jpeg) return;
    link.publish(streamTopic(topics, slug, "image"), jpeg, { qos: 0, retain: true }).then(() => {
      onPublished(1);
      onImage(name);
    }, onRefused);
  }

  private take(name: string): Buffer | undefined {
    const jpeg = this.waiting.get(name);
    if (jpeg) this.waitingBytes -= jpeg.length + ENTRY_BYTES;
    this.waiting.delete(name);
    return jpeg;
  }
}
