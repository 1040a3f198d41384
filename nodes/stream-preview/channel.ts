import type { Clock } from "../../common/clock";
import type { Picture, Purpose } from "./picture";
import { ENDED, Refusal } from "./refusal";

/** Somebody who looks at a stream. */
export interface Viewer {
  readonly purpose: Purpose;
  show(picture: Picture): void;
  /** There will be no more pictures. */
  end(because: Refusal): void;
}

export interface ChannelOptions {
  clock: Clock;
  /** Gives pictures until it is told to stop or can no longer, and tells why. It throws only for bugs. */
  run(give: (jpeg: Buffer) => void, signal: AbortSignal): Promise<Refusal>;
  /** It has ended, with everything that it had open. */
  onEnd(): void;
  onBug(error: unknown): void;
}

/** A camera that gives no first picture within this time, or later none for so long, hangs. */
const FIRST_PICTURE_MS = 12_000;
const NEXT_PICTURE_MS = 10_000;

/** The pictures of one stream: fetched once however many look at it, and no longer than anybody does. */
export class Channel {
  /** The newest picture. */
  latest?: Picture;
  /** No viewer can join any more. */
  closing = false;
  /** Resolves when everything that it had open is closed. */
  readonly ended: Promise<void>;

  private readonly viewers = new Set<Viewer>();
  private readonly controller = new AbortController();
  private because?: Refusal;
  private watchdog: unknown;
  private resolveEnded: () => void = () => {};

  constructor(private readonly options: ChannelOptions) {
    this.ended = new Promise((resolve) => (this.resolveEnded = resolve));
  }

  get watching(): number {
    return this.viewers.size;
  }

  /** @param before the same stream's channel that is just being closed: there is one connection at a time */
  async start(before?: Promise<void>): Promise<void> {
    await before;
    let because = ENDED;
    try {
      if (!this.closing) {
        because = await this.options.run((jpeg) => this.show(jpeg), this.controller.signal);
      }
    } catch (error) {
      this.options.onBug(error);
      because = new Refusal(500, "internal_error", "This failed inside StreamPulse; see the log.");
    }
    this.close(because);
    this.options.clock.clearTimeout(this.watchdog);
    this.options.onEnd();
    this.resolveEnded();
  }

  /** The camera has been asked: it must answer in time. */
  expectPicture(): void {
    this.rearm(FIRST_PICTURE_MS);
  }

  /** @returns call it when the viewer leaves */
  join(viewer: Viewer): () => void {
    this.viewers.add(viewer);
    if (this.latest) viewer.show(this.latest);
    return () => {
      if (this.viewers.delete(viewer) && this.viewers.size === 0) this.close(ENDED);
    };
  }

  close(because: Refusal): void {
    this.because ??= because;
    this.closing = true;
    this.controller.abort();
    for (const viewer of this.viewers) {
      this.viewers.delete(viewer);
      viewer.end(this.because);
    }
  }

  private show(jpeg: Buffer): void {
    if (this.closing) return;
    this.latest = { jpeg, at: this.options.clock.elapsed() };
    this.rearm(NEXT_PICTURE_MS);
    for (const viewer of this.viewers) viewer.show(this.latest);
  }

  private rearm(ms: number): void {
    this.options.clock.clearTimeout(this.watchdog);
    if (this.closing) return;
    this.watchdog = this.options.clock.setTimeout(() => {
      this.close(new Refusal(504, "timeout", `The camera gave no picture for ${ms / 1000} s.`));
    }, ms);
  }
}
