import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** 256 random bits that fit into a cookie or a header. */
export function newSecret(): string {
  return randomBytes(32).toString("base64url");
}

/** How a random secret is kept. It has no pattern to guess, so that a fast hash without salt will do. */
export function secretHash(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

/** Compares two texts in a time that tells nothing of where they differ. */
export function sameSecret(one: string, other: string): boolean {
  return timingSafeEqual(
    createHash("sha256").update(one).digest(),
    createHash("sha256").update(other).digest(),
  );
}

/** Crockford's base 32: no letter that looks like a digit. */
const CODE_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** Twelve letters (60 bits) in groups of four, to be read from a log and typed. */
export function newCode(): string {
  const letters = [...randomBytes(12)].map((byte) => CODE_LETTERS[byte % 32]).join("");
  return `${letters.slice(0, 4)}-${letters.slice(4, 8)}-${letters.slice(8)}`;
}

/** What a person typed, as the code was meant: hyphens and case do not count, O is 0, I and L are 1. */
export function readCode(typed: string): string {
  return typed
    .slice(0, 100)
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, "")
    .replace(/O/g, "0")
    .replace(/[IL]/g, "1");
}
