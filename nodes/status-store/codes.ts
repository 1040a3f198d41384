import type { Level, State } from "../../contracts";

/** How states and levels stand in the database. These numbers are in people's files: add, but never change one. */

export const STATE_CODES = {
  up: 0,
  degraded: 1,
  down: 2,
  pending: 3,
  paused: 4,
  unknown: 5,
} as const satisfies Record<State, number>;

export const LEVEL_CODES = { handshake: 0, media: 1, deep: 2 } as const satisfies Record<Level, number>;

export const PROTOCOL_CODES = { rtsp: 0, http: 1 } as const;

const STATES_BY_CODE = byCode(STATE_CODES);
const LEVELS_BY_CODE = byCode(LEVEL_CODES);

/** `unknown` for a code that only a newer program knows. */
export function stateOfCode(code: number): State {
  return STATES_BY_CODE.get(code) ?? "unknown";
}

export function levelOfCode(code: number | null): Level | null {
  return code === null ? null : (LEVELS_BY_CODE.get(code) ?? null);
}

function byCode<Name extends string>(codes: Record<Name, number>): Map<number, Name> {
  return new Map((Object.entries(codes) as [Name, number][]).map(([name, code]) => [code, name]));
}
