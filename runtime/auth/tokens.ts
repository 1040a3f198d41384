import { randomUUID } from "node:crypto";
import type { Clock } from "../../common/clock";
import type { AuthFile } from "./auth-file";
import { HeldOpen } from "./held-open";
import { newSecret, secretHash } from "./secrets";

export interface TokenInfo {
  id: string;
  name: string;
  /** Epoch milliseconds. */
  createdAt: number;
}

const MOST_TOKENS = 100;
const MOST_NAME_CHARACTERS = 100;

/** The message is a sentence for the person who asked. */
export class TokenError extends Error {}

/**
 * Bearer tokens for scripts. A token is shown once, when it is made; the file keeps its hash. Long answers to one are
 * tracked and cut when it is revoked.
 */
export class ApiTokens {
  private readonly open = new HeldOpen();

  constructor(
    private readonly file: AuthFile,
    private readonly clock: Pick<Clock, "now">,
  ) {}

  /** @throws TokenError when the name does not serve or there are too many */
  create(name: string): TokenInfo & { token: string } {
    const trimmed = name.trim();
    if (
      trimmed === "" ||
      [...trimmed].length > MOST_NAME_CHARACTERS ||
      /[\u0000-\u001f\u007f]/.test(trimmed)
    ) {
      throw new TokenError(`A token needs a name of 1 to ${MOST_NAME_CHARACTERS} characters.`);
    }
    if (this.file.data.tokens.length >= MOST_TOKENS) {
      throw new TokenError(`There are ${MOST_TOKENS} tokens already: delete one first.`);
    }
    const token = `sp_${newSecret()}`;
    const info = { id: randomUUID(), name: trimmed, createdAt: this.clock.now() };
    this.file.change((data) => data.tokens.push({ ...info, hash: secretHash(token) }));
    return { ...info, token };
  }

  list(): TokenInfo[] {
    return this.file.data.tokens.map(({ id, name, createdAt }) => ({ id, name, createdAt }));
  }

  /**
   * @returns false when there is no such token
   * @throws the file system's error; the token stays in force then
   */
  revoke(id: string): boolean {
    const kept = this.file.data.tokens.filter((token) => token.id !== id);
    if (kept.length === this.file.data.tokens.length) return false;
    this.file.change((data) => {
      data.tokens = kept;
    });
    this.open.cut(id);
    return true;
  }

  /**
   * Ties something open to a token.
   * @param cut is called when the token is revoked
   * @returns call it when the thing has ended by itself
   */
  track(id: string, cut: () => void): () => void {
    return this.open.track(id, cut);
  }

  /** @returns undefined when the token is none of these */
  idOf(token: string): string | undefined {
    const hash = secretHash(token);
    return this.file.data.tokens.find((known) => known.hash === hash)?.id;
  }
}
