import type { Clock } from "../../common/clock";
import type { Logger } from "../../common/logger";
import type { AuthData, AuthFile } from "./auth-file";
import { HeldOpen } from "./held-open";
import { newSecret, secretHash } from "./secrets";

const DAY_MS = 24 * 3_600_000;
export const IDLE_MS = 7 * DAY_MS;
export const LONGEST_MS = 30 * DAY_MS;
/** The file learns only so often that a session is in use. */
const SAVE_SEEN_MS = 10 * 60_000;
const SWEEP_MS = 30_000;
const MOST_SESSIONS = 200;

/**
 * Who is signed in. The file knows only hashes, so that it gives nobody a session. Whatever stays open on behalf of a
 * session (a socket, a long answer) is tracked and cut when the session ends, however it ends.
 */
export class Sessions {
  private list: AuthData["sessions"];
  private readonly open = new HeldOpen();
  private isSaved = true;
  private timer: unknown;

  constructor(
    private readonly file: AuthFile,
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {
    this.list = [...file.data.sessions];
  }

  /** Ends what has expired, also while nobody asks, and writes what could not be written. */
  start(): void {
    this.timer = this.clock.setTimeout(() => {
      this.endWhere((session) => this.isOver(session));
      if (!this.isSaved) this.save();
      this.start();
    }, SWEEP_MS);
  }

  stop(): void {
    this.clock.clearTimeout(this.timer);
  }

  /** @returns the secret for the cookie */
  create(): string {
    const secret = newSecret();
    const now = this.clock.now();
    this.list.push({ hash: secretHash(secret), createdAt: now, seenAt: now });
    const surplus = new Set(this.list.slice(0, -MOST_SESSIONS));
    if (surplus.size > 0) this.endWhere((session) => surplus.has(session));
    else this.save();
    return secret;
  }

  /**
   * The lasting name of a session that is in force, and a sign of life for it.
   * @returns the hash of the secret, which is safe to keep
   */
  use(secret: string): string | undefined {
    const hash = secretHash(secret);
    const session = this.list.find((candidate) => candidate.hash === hash);
    if (!session) return undefined;
    if (this.isOver(session)) {
      this.end(hash);
      return undefined;
    }
    const now = this.clock.now();
    if (now - session.seenAt >= SAVE_SEEN_MS) {
      session.seenAt = now;
      this.save();
    }
    return hash;
  }

  end(hash: string): void {
    this.endWhere((session) => session.hash === hash);
  }

  /** @param hash of the session that stays */
  endOthers(hash: string): void {
    this.endWhere((session) => session.hash !== hash);
  }

  endAll(): void {
    this.endWhere(() => true);
  }

  /**
   * Ties something open to a session.
   * @param cut is called when the session ends
   * @returns call it when the thing has ended by itself
   */
  track(hash: string, cut: () => void): () => void {
    return this.open.track(hash, cut);
  }

  private isOver(session: { createdAt: number; seenAt: number }): boolean {
    const now = this.clock.now();
    return now - session.seenAt > IDLE_MS || now - session.createdAt > LONGEST_MS;
  }

  private endWhere(matches: (session: AuthData["sessions"][number]) => boolean): void {
    const ended = this.list.filter(matches);
    if (ended.length === 0) return;
    this.list = this.list.filter((session) => !ended.includes(session));
    this.save();
    for (const { hash } of ended) this.open.cut(hash);
  }

  /** A full disk must not keep anybody from signing in or out: it is tried again until there is room. */
  private save(): void {
    try {
      this.file.change((data) => {
        data.sessions = this.list;
      });
      if (!this.isSaved) this.logger.info("auth.json can be written again");
      this.isSaved = true;
    } catch (error) {
      if (this.isSaved) {
        this.logger.error(
          `auth.json cannot be written (${(error as Error).message}): until it can, a restart ends new sessions and brings back those that have ended`,
        );
      }
      this.isSaved = false;
    }
  }
}
