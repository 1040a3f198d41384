/** What the plain classes know of logging. In an adapter it is the node; in a worker it is a message to its owner. */
export interface Logger {
  info(text: string): void;
  warn(text: string): void;
  error(text: string): void;
  debug(text: string): void;
}

export type LogLevel = keyof Logger;

/** For tests and for tools that say nothing. */
export const silentLogger: Logger = { info() {}, warn() {}, error() {}, debug() {} };
