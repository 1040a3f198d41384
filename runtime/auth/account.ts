import type { Clock } from "../../common/clock";
import type { Logger } from "../../common/logger";
import type { AuthFile } from "./auth-file";
import {
  hashPasswordSync,
  LEAST_CHARACTERS,
  MOST_CHARACTERS,
  PasswordHasher,
  passwordProblem,
  TooManyHashes,
  verifyPasswordSync,
  type PasswordProblem,
} from "./password";
import { addressKey, BY_ACCOUNT, BY_ADDRESS, RateLimit } from "./rate-limit";
import { newCode, readCode, sameSecret } from "./secrets";
import { Sessions } from "./sessions";
import { ApiTokens } from "./tokens";

/** The one account's name. Only the editor's form asks for a name. */
export const ADMIN = "admin";
const ACCOUNT_KEY = "account";
const BUSY_MS = 1000;
const MOST_WRONG_CODES = 20;

export interface AccountOptions {
  authFile: AuthFile;
  adminPassword?: string;
  apiToken?: string;
  clock: Clock;
  logger: Logger;
}

export type Verdict = { ok: true } | { ok: false; waitMs: number };
export type SignIn = { ok: true; session: string } | { ok: false; waitMs: number };
export type SetUp =
  | { ok: true; session: string }
  | { ok: false; waitMs: number }
  | { ok: false; field: "code"; problem: "wrong_code" }
  | { ok: false; field: "password"; problem: PasswordProblem };
export type PasswordChange =
  | { ok: true }
  | { ok: false; waitMs: number }
  | { ok: false; field: "old"; problem: "wrong_password" }
  | { ok: false; field: "new"; problem: PasswordProblem };

/** The admin account: the password, its first choice, who is signed in, and the tokens of scripts. */
export class Account {
  readonly sessions: Sessions;
  readonly tokens: ApiTokens;
  /** `STREAMPULSE_ADMIN_PASSWORD` is set: the password cannot be changed here. */
  readonly fixed: boolean;

  /** Editor tokens of an older one are void. In memory it grows also where the file cannot be written. */
  private currentGeneration: number;
  private readonly file: AuthFile;
  private readonly hasher = new PasswordHasher();
  private readonly byAddress: RateLimit;
  private readonly byAccount: RateLimit;
  private readonly editors = new Set<() => void>();
  private code = newCode();
  private wrongCodes = 0;

  constructor(private readonly options: AccountOptions) {
    this.file = options.authFile;
    this.currentGeneration = this.file.data.generation;
    this.fixed = options.adminPassword !== undefined;
    this.sessions = new Sessions(this.file, options.clock, options.logger);
    this.tokens = new ApiTokens(this.file, options.clock);
    this.byAddress = new RateLimit(BY_ADDRESS, options.clock);
    this.byAccount = new RateLimit(BY_ACCOUNT, options.clock);
  }

  /**
   * Takes over the password of the environment, or its absence. Blocks for some 100 ms.
   * @throws the file system's error when auth.json cannot be written
   */
  adoptEnvironment(): void {
    const { adminPassword } = this.options;
    const { environment } = this.file.data;
    if (adminPassword === undefined && environment === undefined) return;
    if (adminPassword !== undefined && [...adminPassword].length < LEAST_CHARACTERS) {
      this.options.logger.warn(
        `STREAMPULSE_ADMIN_PASSWORD has fewer than ${LEAST_CHARACTERS} characters: choose a longer one`,
      );
    }
    if (adminPassword !== undefined && environment && verifyPasswordSync(adminPassword, environment)) return;
    const next = adminPassword === undefined ? undefined : hashPasswordSync(adminPassword);
    this.file.change((data) => {
      data.environment = next;
    });
    this.signOutEverywhere();
  }

  start(): void {
    this.sessions.start();
  }

  stop(): void {
    this.sessions.stop();
  }

  /** True until a password is chosen: nothing but the set-up page and the public API answers. */
  get setupNeeded(): boolean {
    return this.stored === undefined;
  }

  /** The one-time code for the log. A new one at each start, and after too many wrong ones. */
  get setupCode(): string {
    return this.code;
  }

  get generation(): number {
    return this.currentGeneration;
  }

  /** Checks a password; wrong, too often and too busy differ in the wait only. */
  async verify(password: string, address: string | undefined): Promise<Verdict> {
    const key = addressKey(address);
    const waitMs = this.beginTry(key);
    if (waitMs > 0) return { ok: false, waitMs };
    const { stored } = this;
    if (!stored || [...password].length > MOST_CHARACTERS) return { ok: false, waitMs: 0 };
    try {
      if (!(await this.hasher.verify(password, stored))) return { ok: false, waitMs: 0 };
    } catch (error) {
      if (error instanceof TooManyHashes) return { ok: false, waitMs: BUSY_MS };
      throw error;
    }
    this.rightTry(key);
    return { ok: true };
  }

  async signIn(password: string, address: string | undefined): Promise<SignIn> {
    const verdict = await this.verify(password, address);
    return verdict.ok ? { ok: true, session: this.sessions.create() } : verdict;
  }

  /** The first choice of a password, by whoever can read the log. */
  async setUp(
    form: { code: string; password: string; repeated: string },
    address: string | undefined,
  ): Promise<SetUp> {
    const key = addressKey(address);
    const waitMs = this.beginTry(key);
    if (waitMs > 0) return { ok: false, waitMs };
    if (!sameSecret(readCode(form.code), readCode(this.code))) return this.wrongCode();
    // the code was right: what is wrong with the password is no guess
    this.rightTry(key);
    const problem = passwordProblem(form.password, form.repeated, this.code);
    if (problem) return { ok: false, field: "password", problem };
    const admin = await this.hasher.hash(form.password);
    // somebody else may have been quicker while it was hashed
    if (!this.setupNeeded) return this.wrongCode();
    this.file.change((data) => {
      data.admin = admin;
    });
    this.code = newCode();
    return { ok: true, session: this.sessions.create() };
  }

  /**
   * Another password, by whoever knows the old one. All other sessions end, since somebody may have known it too.
   * @param session the one that stays
   */
  async changePassword(
    form: { old: string; fresh: string },
    session: string,
    address: string | undefined,
  ): Promise<PasswordChange> {
    const verdict = await this.verify(form.old, address);
    if (!verdict.ok) {
      return verdict.waitMs > 0 ? verdict : { ok: false, field: "old", problem: "wrong_password" };
    }
    const problem = passwordProblem(form.fresh, form.fresh, this.code);
    if (problem) return { ok: false, field: "new", problem };
    try {
      const admin = await this.hasher.hash(form.fresh);
      this.file.change((data) => {
        data.admin = admin;
        data.generation = this.currentGeneration + 1;
      });
    } catch (error) {
      if (error instanceof TooManyHashes) return { ok: false, waitMs: BUSY_MS };
      throw error;
    }
    this.currentGeneration++;
    this.sessions.endOthers(session);
    this.cutEditors();
    return { ok: true };
  }

  /**
   * Ends every session, and voids every token of the editor. Tokens of scripts stay.
   * @throws the file system's error when a restart may bring them back; here they have ended
   */
  signOutEverywhere(): void {
    this.currentGeneration++;
    this.sessions.endAll();
    this.cutEditors();
    this.file.change((data) => {
      data.generation = this.currentGeneration;
    });
  }

  /**
   * Ties an open connection of the editor, which asks for its token only at its beginning, to the login.
   * @param cut is called when the editor's tokens become void
   * @returns call it when the connection has ended by itself
   */
  trackEditor(cut: () => void): () => void {
    this.editors.add(cut);
    return () => void this.editors.delete(cut);
  }

  /**
   * Ties an open socket or answer to the session or token on whose behalf it is; `STREAMPULSE_API_TOKEN` lasts as long
   * as the process.
   * @param cut is called when that ends
   * @returns call it when the thing has ended by itself
   */
  trackOpen({ session, token }: { session?: string; token?: string }, cut: () => void): () => void {
    if (session !== undefined) return this.sessions.track(session, cut);
    if (token !== undefined) return this.tokens.track(token, cut);
    return () => {};
  }

  private cutEditors(): void {
    const cuts = [...this.editors];
    this.editors.clear();
    for (const cut of cuts) cut();
  }

  /** @returns what a bearer token may do: `STREAMPULSE_API_TOKEN` reads, the tokens made after login write too */
  tokenRights(token: string): "read" | "write" | undefined {
    if (this.tokens.idOf(token) !== undefined) return "write";
    const { apiToken } = this.options;
    return apiToken !== undefined && sameSecret(token, apiToken) ? "read" : undefined;
  }

  /** True when the public API is not open to everybody. */
  get apiNeedsToken(): boolean {
    return this.options.apiToken !== undefined;
  }

  private get stored() {
    return this.fixed ? this.file.data.environment : this.file.data.admin;
  }

  /** A try that has to wait counts nowhere: who waits makes nobody else wait. */
  private beginTry(key: string): number {
    const waitMs = Math.max(this.byAddress.waitMs(key), this.byAccount.waitMs(ACCOUNT_KEY));
    if (waitMs > 0) return waitMs;
    this.byAddress.count(key);
    this.byAccount.count(ACCOUNT_KEY);
    return 0;
  }

  private rightTry(key: string): void {
    this.byAddress.succeeded(key);
    this.byAccount.succeeded(ACCOUNT_KEY);
  }

  private wrongCode(): SetUp {
    this.wrongCodes++;
    if (this.wrongCodes % MOST_WRONG_CODES === 0) {
      this.code = newCode();
      this.options.logger.warn(
        `${MOST_WRONG_CODES} wrong set-up codes were tried. The new code is ${this.code}`,
      );
    }
    return { ok: false, field: "code", problem: "wrong_code" };
  }
}
