import { randomBytes, scrypt, scryptSync, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { z } from "zod";

const scryptAsync = promisify(
  (
    password: string,
    salt: Buffer,
    length: number,
    options: object,
    done: (error: Error | null, key: Buffer) => void,
  ) => scrypt(password, salt, length, options, done),
);

/** A password as it is kept: scrypt (RFC 7914) with its salt and costs, all binary parts in base64. */
export const passwordHashSchema = z.object({
  salt: z.base64().min(16),
  hash: z.base64().min(40),
  cost: z
    .number()
    .int()
    .min(2 ** 14)
    .max(2 ** 20),
  blockSize: z.number().int().min(1).max(32),
  parallelization: z.number().int().min(1).max(16),
});
export type PasswordHash = z.infer<typeof passwordHashSchema>;

/** 32 MiB and some 100 ms a try. */
const COSTS = { cost: 2 ** 15, blockSize: 8, parallelization: 1 };
const HASH_BYTES = 32;
export const LEAST_CHARACTERS = 10;
export const MOST_CHARACTERS = 200;

/** What is wrong with a newly chosen password. */
export type PasswordProblem = "too_short" | "too_long" | "not_same" | "begins_with_admin" | "is_code";

/** @param code the one-time code, which everybody who reads the log knows */
export function passwordProblem(
  password: string,
  repeated: string,
  code: string,
): PasswordProblem | undefined {
  const length = [...password].length;
  if (length < LEAST_CHARACTERS) return "too_short";
  if (length > MOST_CHARACTERS) return "too_long";
  if (password !== repeated) return "not_same";
  if (/^admin/i.test(password)) return "begins_with_admin";
  return comparable(password) === comparable(code) ? "is_code" : undefined;
}

function comparable(text: string): string {
  return text.toUpperCase().replace(/[^A-Z0-9]/g, "");
}

/** Blocks for some 100 ms: for the start of the process only. */
export function hashPasswordSync(password: string): PasswordHash {
  const salt = randomBytes(16);
  return pack(salt, scryptSync(normalize(password), salt, HASH_BYTES, scryptOptions(COSTS)));
}

/** Blocks for some 100 ms: for the start of the process only. */
export function verifyPasswordSync(password: string, stored: PasswordHash): boolean {
  const expected = Buffer.from(stored.hash, "base64");
  const salt = Buffer.from(stored.salt, "base64");
  return timingSafeEqual(
    scryptSync(normalize(password), salt, expected.length, scryptOptions(stored)),
    expected,
  );
}

export class TooManyHashes extends Error {}

/** Hashes off the main loop, few at a time: each takes memory, and strangers decide how many there are. */
export class PasswordHasher {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly mostRunning = 2,
    private readonly mostWaiting = 20,
  ) {}

  /** @throws TooManyHashes when too many are waiting already */
  async hash(password: string): Promise<PasswordHash> {
    const salt = randomBytes(16);
    return pack(salt, await this.derive(password, salt, HASH_BYTES, COSTS));
  }

  /** @throws TooManyHashes when too many are waiting already */
  async verify(password: string, stored: PasswordHash): Promise<boolean> {
    const expected = Buffer.from(stored.hash, "base64");
    const salt = Buffer.from(stored.salt, "base64");
    return timingSafeEqual(await this.derive(password, salt, expected.length, stored), expected);
  }

  private async derive(password: string, salt: Buffer, length: number, costs: typeof COSTS): Promise<Buffer> {
    if (this.running < this.mostRunning) this.running++;
    else {
      if (this.waiting.length >= this.mostWaiting) throw new TooManyHashes();
      // whoever ends passes its place on
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
    try {
      return await scryptAsync(normalize(password), salt, length, scryptOptions(costs));
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.running--;
    }
  }
}

/** Keyboards differ in how they compose an é. */
function normalize(password: string): string {
  return password.normalize("NFC");
}

function pack(salt: Buffer, hash: Buffer): PasswordHash {
  return { salt: salt.toString("base64"), hash: hash.toString("base64"), ...COSTS };
}

function scryptOptions({ cost, blockSize, parallelization }: typeof COSTS) {
  const needed = 128 * blockSize * (cost + parallelization);
  return { cost, blockSize, parallelization, maxmem: needed * 2 };
}
