import { randomBytes } from "node:crypto";
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { z } from "zod";
import { firstIssue } from "../../common/first-issue";
import { ConfigurationError } from "../paths";
import { passwordHashSchema } from "./password";

const epochMs = z.number().int().min(0);
/** SHA-256 in hexadecimal of something random: it needs no salt. */
const secretHash = z.string().regex(/^[0-9a-f]{64}$/);

export const authDataSchema = z.object({
  version: z.literal(1),
  /** The password chosen on the set-up page. */
  admin: passwordHashSchema.optional(),
  /** The last STREAMPULSE_ADMIN_PASSWORD: a changed one ends the sessions that began with the old one. */
  environment: passwordHashSchema.optional(),
  /** Grows with every "sign out everywhere": the editor's tokens of an older one are void. */
  generation: z.number().int().min(1),
  tokens: z.array(
    z.object({ id: z.string().min(1), name: z.string().min(1), hash: secretHash, createdAt: epochMs }),
  ),
  sessions: z.array(z.object({ hash: secretHash, createdAt: epochMs, seenAt: epochMs })),
  /** By this Node-RED encrypts the credentials of flows. */
  credentialSecret: z.string().min(32),
});
export type AuthData = z.infer<typeof authDataSchema>;

/**
 * auth.json: read once, then held in memory and written whole at every change, readable by its owner only. It is small
 * and changes rarely, so that writing may block.
 */
export class AuthFile {
  private constructor(
    private readonly file: string,
    private current: AuthData,
  ) {}

  get data(): Readonly<AuthData> {
    return this.current;
  }

  /**
   * Reads the file or begins a new one.
   * @throws ConfigurationError when what is there cannot be read: going on would mean to go on without a password
   */
  static open(file: string): AuthFile {
    if (!existsSync(file)) {
      const fresh: AuthData = {
        version: 1,
        generation: 1,
        tokens: [],
        sessions: [],
        credentialSecret: randomBytes(32).toString("hex"),
      };
      write(file, fresh);
      return new AuthFile(file, fresh);
    }
    const data = parse(file, read(file));
    const othersMayRead = process.platform !== "win32" && (statSync(file).mode & 0o077) !== 0;
    if (othersMayRead) chmodSync(file, 0o600);
    return new AuthFile(file, data);
  }

  /**
   * Changes what is known and writes it.
   * @throws the file system's error; nothing has changed then
   */
  change(edit: (data: AuthData) => void): void {
    const next = structuredClone(this.current);
    edit(next);
    write(this.file, next);
    this.current = next;
  }
}

/** Replaces the file in one step. */
function write(file: string, data: AuthData): void {
  const temporary = `${file}.${process.pid}.new`;
  rmSync(temporary, { force: true });
  const handle = openSync(temporary, "wx", 0o600);
  try {
    try {
      // unlike writeSync it goes on until all is written: on a nearly full disk the first write may be short
      writeFileSync(handle, `${JSON.stringify(data, null, 2)}\n`);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw damaged(file, (error as NodeJS.ErrnoException).code ?? "it cannot be read");
  }
}

function parse(file: string, text: string): AuthData {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw damaged(file, text.trim() === "" ? "it is empty" : "it is not JSON");
  }
  const result = authDataSchema.safeParse(content);
  if (!result.success) throw damaged(file, firstIssue(result.error));
  return result.data;
}

function damaged(file: string, what: string): ConfigurationError {
  return new ConfigurationError(
    `${file} holds the login and is damaged (${what}). StreamPulse does not start without it: put a backup back, ` +
      "or delete the file to choose a new password (API tokens and the credentials kept in flows are lost then).",
  );
}
