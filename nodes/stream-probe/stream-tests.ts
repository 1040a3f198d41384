import type { Clock } from "../../common/clock";
import { MaskedUrlError, unmaskUrl } from "../../common/masked-url";
import { StreamUrlError } from "../../common/stream-url";
import type { Check } from "../../contracts/check";
import type { Stream } from "../../contracts/stream";
import { Health } from "./health";
import type { Job } from "./limits";
import { MonitoredStream, type MonitorSettings } from "./monitored-stream";
import { toCheck, type Rounds } from "./rounds";

/** What comes of a test: a check, or why none could be made. */
export type TestAnswer = { check: Check } | { refused: TestRefusal };
export interface TestRefusal {
  statusCode: number;
  code: string;
  /** A sentence, without credentials. */
  message: string;
  /** The key of the stream that is wrong. */
  field?: string;
}

/** Somebody waits for each of them, and nobody for more. */
const MOST_TESTS = 4;
/** So long a test waits for its turn, and then for a place among the host's viewers. */
const WAIT_MS = 5000;
/** A place is looked for this often. */
const LOOK_MS = 100;
/** Of a whole test: as the stream's own limit wants it, but not longer than somebody waits for an answer. */
const LIMIT_MS = { least: 20_000, most: 50_000 };
const MOST_CHARACTERS = 500;

/** Probes what somebody typed, once, beside the schedule but within the same limits. */
export class StreamTests {
  private running = 0;

  constructor(
    private readonly clock: Clock,
    private readonly rounds: Rounds,
  ) {}

  /** @param own the URL that the stream has now, whose password a masked one means */
  async run(typed: Stream, own: string | undefined, settings: MonitorSettings): Promise<TestAnswer> {
    const tested = testedStream(typed, own, settings, this.clock.now());
    if (!(tested instanceof MonitoredStream)) return { refused: tested };
    if (this.running >= MOST_TESTS) {
      return refusal(429, "busy", `${MOST_TESTS} tests are being made already: try again in a moment.`);
    }
    const limitMs = Math.min(Math.max(LIMIT_MS.least, WAIT_MS + tested.timeoutMs.media), LIMIT_MS.most);
    let timer: unknown;
    const late = new Promise<TestAnswer>((resolve) => {
      timer = this.clock.setTimeout(() => {
        resolve(refusal(504, "timeout", `The test was given up after ${limitMs / 1000} s.`));
      }, limitMs);
    });
    try {
      return await Promise.race([this.probe(tested), late]);
    } finally {
      this.clock.clearTimeout(timer);
    }
  }

  private async probe(tested: MonitoredStream): Promise<TestAnswer> {
    this.running++;
    try {
      return await this.probeInTurn(tested);
    } finally {
      this.running--;
    }
  }

  private async probeInTurn(tested: MonitoredStream): Promise<TestAnswer> {
    const { limits, mediaSessions, inquiry } = this.rounds;
    if (!(await this.turn(tested))) {
      return refusal(503, "busy", "Too much is being probed just now: try again in a moment.");
    }
    const withheld = inquiry.credentialLock.mustWithhold(tested.account);
    const at = this.clock.now();
    const hasPlace = await this.place(tested.host);
    try {
      const result = await inquiry.ask(tested, hasPlace ? "media" : "handshake");
      if ("notMade" in result) return refusal(503, "not_made", `It could not be probed: ${result.notMade}.`);
      const check = toCheck(tested.stream.name, at, result);
      return { check: { ...check, message: remarks(check, withheld, hasPlace) } };
    } finally {
      limits.done(tested);
      if (hasPlace) mediaSessions.release(tested.host);
    }
  }

  /** @returns false when none came in time */
  private turn(job: Job): Promise<boolean> {
    const { limits } = this.rounds;
    return new Promise((resolve) => {
      const timer = this.clock.setTimeout(() => {
        limits.cancel(job);
        resolve(false);
      }, WAIT_MS);
      job.run = () => {
        this.clock.clearTimeout(timer);
        resolve(true);
      };
      limits.submit(job);
    });
  }

  /** @returns false when the host's places for viewers stayed taken */
  private async place(host: string): Promise<boolean> {
    const until = this.clock.elapsed() + WAIT_MS;
    while (!this.rounds.mediaSessions.take(host)) {
      if (this.clock.elapsed() >= until) return false;
      await new Promise<void>((resolve) => this.clock.setTimeout(() => resolve(), LOOK_MS));
    }
    return true;
  }
}

function testedStream(
  typed: Stream,
  own: string | undefined,
  settings: MonitorSettings,
  now: number,
): MonitoredStream | TestRefusal {
  try {
    const url = unmaskUrl(typed.url, own);
    // the first look decides, so that ffprobe is asked at once about what we do not understand
    const once = { level: "media", confirm_failures: 1, picture_minutes: 0 } as const;
    return new MonitoredStream({ ...typed, ...once, url }, settings, 0, new Health(typed.name, now));
  } catch (error) {
    if (!(error instanceof MaskedUrlError || error instanceof StreamUrlError)) throw error;
    return { statusCode: 400, code: "invalid", message: `url: ${error.message}`, field: "url" };
  }
}

/** What a person who reads this one check must know besides. */
function remarks({ message, reason }: Check, withheld: boolean, hasPlace: boolean): string {
  const said = [message];
  if (withheld && reason === "auth_failed") {
    said.push("this password was refused a short while ago and is not sent again within 5 minutes");
  }
  if (!hasPlace && reason === "ok") said.push("the picture was not looked at, others watch this host");
  return said.join("; ").slice(0, MOST_CHARACTERS);
}

function refusal(statusCode: number, code: string, message: string): TestAnswer {
  return { refused: { statusCode, code, message } };
}
