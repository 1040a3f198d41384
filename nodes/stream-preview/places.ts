import type { Clock } from "../../common/clock";
import type { Purpose } from "./picture";
import { ENDED, Refusal } from "./refusal";

export interface PlaceRequest {
  host: string;
  /** How many of this host's streams may be looked at at once. */
  mostPerHost: number;
  purpose: Purpose;
  /** Ends the wait. */
  signal: AbortSignal;
}

interface Waiting extends PlaceRequest {
  admit(): void;
}

/** So long somebody waits for a place. */
const WAIT_MS = 5000;
const RETRY_AFTER_SECONDS = 5;

/** How many streams are looked at at once, in all and per host: each is a connection to a camera, and maybe an ffmpeg. */
export class Places {
  private readonly taken = new Set<PlaceRequest>();
  private readonly waiting = new Set<Waiting>();

  constructor(
    private readonly clock: Clock,
    private readonly most: number,
  ) {}

  /** Waits until there is a place. @returns what gives it back, or why there was none in time */
  async take(request: PlaceRequest): Promise<(() => void) | Refusal> {
    if (this.obstacle(request) === undefined) this.taken.add(request);
    else if (!(await this.turn(request))) {
      return request.signal.aborted ? ENDED : (this.obstacle(request) ?? ENDED);
    }
    return () => {
      this.taken.delete(request);
      this.admitNext();
    };
  }

  /** What keeps it from having a place now. */
  private obstacle({ host, mostPerHost, purpose }: PlaceRequest): Refusal | undefined {
    const taken = [...this.taken];
    if (taken.filter((other) => other.host === host).length >= mostPerHost) {
      return busy(
        `${host} is being watched by as many as it may (${mostPerHost}): close another preview, or raise probe.max_per_host.`,
      );
    }
    if (taken.length >= this.most) {
      return busy(
        `${this.most} streams are being shown already: close another preview, or raise the number in the stream-preview node.`,
      );
    }
    const mostSnapshots = Math.ceil(this.most / 2);
    if (
      purpose === "snapshot" &&
      taken.filter((other) => other.purpose === purpose).length >= mostSnapshots
    ) {
      return busy("Other snapshots are being taken: ask again in a moment.");
    }
    return undefined;
  }

  /** @returns false when none came in time */
  private turn(request: PlaceRequest): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (came: boolean) => {
        this.clock.clearTimeout(timer);
        this.waiting.delete(waiting);
        request.signal.removeEventListener("abort", giveUp);
        resolve(came);
      };
      const giveUp = () => settle(false);
      const admit = () => {
        this.taken.add(request);
        settle(true);
      };
      const waiting: Waiting = { ...request, admit };
      const timer = this.clock.setTimeout(giveUp, WAIT_MS);
      request.signal.addEventListener("abort", giveUp);
      this.waiting.add(waiting);
      if (request.signal.aborted) giveUp();
    });
  }

  private admitNext(): void {
    const previewsFirst = [...this.waiting].sort(
      (one, other) => Number(one.purpose === "snapshot") - Number(other.purpose === "snapshot"),
    );
    previewsFirst.find((waiting) => this.obstacle(waiting) === undefined)?.admit();
  }
}

function busy(message: string): Refusal {
  return new Refusal(503, "busy", message, RETRY_AFTER_SECONDS);
}
