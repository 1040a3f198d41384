import type { Logger } from "../common/logger";
import type { RuntimeLogLevel } from "./paths";

/** A message of Node-RED's log, as its handlers get it. */
export interface LogMessage {
  level: number;
  msg?: unknown;
  type?: string;
  name?: string;
  id?: string;
  timestamp?: number;
}

const LEVEL_NAMES: Record<number, string> = {
  10: "fatal",
  20: "error",
  30: "warn",
  40: "info",
  50: "debug",
  60: "trace",
};
const MOST_CHARACTERS = 4000;

/** A logger for what runs before, or beside, Node-RED: the same lines on the same stream. */
export function stdoutLogger(
  level: RuntimeLogLevel,
  write: (line: string) => unknown = (line) => process.stdout.write(line),
): Logger {
  const most = Number(Object.keys(LEVEL_NAMES).find((key) => LEVEL_NAMES[Number(key)] === level));
  const say = (number: number) => (text: string) => {
    if (number <= most) write(`${logLine({ level: number, msg: text })}\n`);
  };
  return { error: say(20), warn: say(30), info: say(40), debug: say(50) };
}

/**
 * `logging:` of the settings file: one line an event on stdout, so that no text of a camera can forge a line.
 * Without an entry `console` Node-RED writes nothing beside it.
 */
export function productLogging(
  level: RuntimeLogLevel,
  write: (line: string) => unknown = (line) => process.stdout.write(line),
) {
  return {
    streampulse: {
      level,
      metrics: false,
      audit: false,
      handler: () => (message: LogMessage) => {
        // Node-RED frames its warnings with rules of dashes
        if (!isRule(message.msg)) write(`${logLine(message)}\n`);
      },
    },
  };
}

export function logLine(message: LogMessage): string {
  const time = new Date(message.timestamp ?? Date.now()).toISOString();
  const level = LEVEL_NAMES[message.level] ?? "info";
  const source = message.type ? `[${message.type}:${message.name || message.id || ""}] ` : "";
  return `${time} [${level}] ${withoutUserInfo(fold(source + textOf(message.msg)))}`;
}

function textOf(message: unknown): string {
  if (message instanceof Error) return message.stack ?? message.message;
  if (typeof message === "string") return message;
  const inner = (message as { message?: unknown } | null | undefined)?.message;
  if (typeof inner === "string") return inner;
  try {
    return JSON.stringify(message) ?? String(message);
  } catch {
    return String(message);
  }
}

/** The last barrier for a URL with credentials that some node logs; up to the last @, since passwords contain some. */
function withoutUserInfo(line: string): string {
  return line.replace(/\b([a-z][a-z0-9+.-]*:\/\/)[^\s"'<>]*@/gi, "$1***@");
}

function isRule(text: unknown): boolean {
  return typeof text === "string" && /^[=\-*\s]*$/.test(text);
}

/** Puts the lines of a text behind one another; rules of ==== and ---- are left out, control characters become ?. */
function fold(text: string): string {
  const line = text
    .split(/[\r\n\u2028\u2029]+/)
    .map((part) => part.trim())
    .filter((part) => !isRule(part))
    .join(" | ")
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "?");
  return line.length > MOST_CHARACTERS ? `${line.slice(0, MOST_CHARACTERS)}…` : line;
}
