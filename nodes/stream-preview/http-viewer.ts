import type { ServerResponse } from "node:http";
import type { Clock } from "../../common/clock";
import { PICTURE_HEADERS } from "./answer";
import type { Viewer } from "./channel";
import type { Picture } from "./picture";
import { Refusal } from "./refusal";

const BOUNDARY = "streampulse";
/** Whoever waits for an answer gives up soon after; waiting for a place is part of it. */
const FIRST_PICTURE_MS = 14_000;
/** A viewer who takes nothing for so long is gone, though his connection may look alive. */
const STALL_MS = 15_000;
/** What is left of an answer may be under way so long. */
const FAREWELL_MS = 2000;

export interface HttpViewerOptions {
  response: ServerResponse;
  clock: Clock;
  /** How long it lasts, from the first picture on. */
  lastsMs: number;
  /** The viewer has left, or is shown out. */
  onLeave(): void;
  /** There is no picture, and nothing was written to the response. */
  onRefusal(refusal: Refusal): void;
}

/**
 * Shows pictures as `multipart/x-mixed-replace`, which every browser's `img` plays. A slow viewer misses pictures: one
 * is on its way to him at a time, and the next one is the newest by then.
 */
export class HttpViewer implements Viewer {
  readonly purpose = "preview";

  private begun = false;
  private over = false;
  private underWay = false;
  private waiting?: Picture;
  private readonly timer: unknown;
  private limit: unknown;
  private stall: unknown;

  constructor(private readonly options: HttpViewerOptions) {
    const { response, clock } = options;
    this.timer = clock.setTimeout(() => {
      this.end(
        new Refusal(504, "timeout", `The camera gave no picture within ${FIRST_PICTURE_MS / 1000} s.`),
      );
    }, FIRST_PICTURE_MS);
    response.once("close", () => this.leave());
    response.on("error", () => this.leave());
    response.on("drain", () => this.taken());
  }

  show(picture: Picture): void {
    if (this.over) return;
    if (!this.begun) this.begin();
    if (this.underWay) this.waiting = picture;
    else this.write(picture);
  }

  end(because: Refusal): void {
    if (this.over) return;
    if (this.begun) this.options.response.end();
    else this.options.onRefusal(because);
    this.leave();
    if (this.begun) this.dropLater();
  }

  private begin(): void {
    const { response, clock, lastsMs } = this.options;
    this.begun = true;
    clock.clearTimeout(this.timer);
    this.limit = clock.setTimeout(() => this.end(new Refusal(503, "over", "The time is over.")), lastsMs);
    response.writeHead(200, {
      ...PICTURE_HEADERS,
      "content-type": `multipart/x-mixed-replace; boundary=${BOUNDARY}`,
      // a proxy that gathers pictures would show them late
      "x-accel-buffering": "no",
    });
    response.write(`--${BOUNDARY}\r\n`);
  }

  private write({ jpeg }: Picture): void {
    const { response, clock } = this.options;
    response.write(`Content-Type: image/jpeg\r\nContent-Length: ${jpeg.length}\r\n\r\n`);
    response.write(jpeg);
    // browsers show a picture when they see that it has ended
    if (response.write(`\r\n--${BOUNDARY}\r\n`)) return;
    this.underWay = true;
    this.stall = clock.setTimeout(() => response.destroy(), STALL_MS);
  }

  private taken(): void {
    this.underWay = false;
    this.options.clock.clearTimeout(this.stall);
    const { waiting } = this;
    this.waiting = undefined;
    if (waiting && !this.over) this.write(waiting);
  }

  private leave(): void {
    if (this.over) return;
    this.over = true;
    this.waiting = undefined;
    for (const timer of [this.timer, this.limit, this.stall]) this.options.clock.clearTimeout(timer);
    this.options.onLeave();
  }

  private dropLater(): void {
    const { response, clock } = this.options;
    const timer = clock.setTimeout(() => response.destroy(), FAREWELL_MS);
    response.once("close", () => clock.clearTimeout(timer));
  }
}
