import type { Logger, LogLevel } from "../../common/logger";

/** Keeps what is logged. */
export class RecordingLogger implements Logger {
  readonly lines: { level: LogLevel; text: string }[] = [];

  info = (text: string) => void this.lines.push({ level: "info", text });
  warn = (text: string) => void this.lines.push({ level: "warn", text });
  error = (text: string) => void this.lines.push({ level: "error", text });
  debug = (text: string) => void this.lines.push({ level: "debug", text });

  /** The texts of one level, or of all. */
  texts(level?: LogLevel): string[] {
    return this.lines.filter((line) => level === undefined || line.level === level).map(({ text }) => text);
  }
}
