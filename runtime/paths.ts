import { isIP } from "node:net";
import path from "node:path";

/** A setting that the product cannot start with. The message is one sentence for a person: what, where, the mend. */
export class ConfigurationError extends Error {}

/** The exit code by which Node-RED's process tells its parent that starting again would not help (EX_CONFIG). */
export const EXIT_CONFIGURATION = 78;

export const LOG_LEVELS = ["error", "warn", "info", "debug", "trace"] as const;
export type RuntimeLogLevel = (typeof LOG_LEVELS)[number];

/** What the environment says, with absolute paths. Port 0 takes any free one. */
export interface RuntimeOptions {
  dataDir: string;
  configFile: string;
  databaseFile: string;
  authFile: string;
  /** Node-RED's userDir. */
  userDir: string;
  /** Address that all three listeners bind. */
  bind: string;
  apiPort: number;
  guiPort: number;
  editorPort: number;
  logLevel: RuntimeLogLevel;
  /** A reverse proxy in front may say by X-Forwarded-Proto and X-Forwarded-For what it saw. */
  trustProxy: boolean;
  /** Where people open the dashboard, where that is not its listener's own address; only the log says it. */
  guiUrl?: string;
  /** The process ends when its event loop has not turned for so long; 0: never. */
  watchdogSeconds: number;
  /** Wins over any password chosen on the set-up page. */
  adminPassword?: string;
  /** With it the public API wants `Authorization: Bearer`. */
  apiToken?: string;
}

export const PORT_VARIABLES = {
  api: "STREAMPULSE_API_PORT",
  gui: "STREAMPULSE_GUI_PORT",
  editor: "STREAMPULSE_EDITOR_PORT",
} as const;

export type Environment = Record<string, string | undefined>;

/**
 * The root of this package: the folder of its package.json.
 * @param from the folder of a compiled file in dist/runtime/
 */
export function packageRoot(from = __dirname): string {
  return path.resolve(from, "../..");
}

/**
 * Reads the product's environment variables. An empty one counts as not set, because compose files pass them so.
 * @param folder what relative paths begin at
 * @throws ConfigurationError naming the variable
 */
export function readEnvironment(env: Environment, folder: string): RuntimeOptions {
  const dataDir = path.resolve(folder, env.STREAMPULSE_DATA || "data");
  const options: RuntimeOptions = {
    dataDir,
    configFile: env.CFG_PATH ? path.resolve(folder, env.CFG_PATH) : path.join(dataDir, "config.yaml"),
    databaseFile: env.DB_PATH ? path.resolve(folder, env.DB_PATH) : path.join(dataDir, "streams.db"),
    authFile: path.join(dataDir, "auth.json"),
    userDir: path.join(dataDir, "node-red"),
    bind: readBind(env),
    apiPort: readPort(env, PORT_VARIABLES.api, 7000),
    guiPort: readPort(env, PORT_VARIABLES.gui, 8000),
    editorPort: readPort(env, PORT_VARIABLES.editor, 1880),
    logLevel: readLogLevel(env),
    trustProxy: readFlag(env, "STREAMPULSE_TRUST_PROXY"),
    guiUrl: readGuiUrl(env),
    watchdogSeconds: readWatchdogSeconds(env),
    adminPassword: readAdminPassword(env),
    apiToken: readApiToken(env),
  };
  refuseSamePorts(options);
  return options;
}

function readPort(env: Environment, name: string, fallback: number): number {
  const text = env[name];
  if (!text) return fallback;
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) {
    throw new ConfigurationError(
      `${name} must be a port from 1 to 65535, or 0 for any free one, not "${shorten(text)}".`,
    );
  }
  return port;
}

function refuseSamePorts(options: RuntimeOptions): void {
  const seen = new Map<number, string>();
  for (const room of ["api", "gui", "editor"] as const) {
    const port = options[`${room}Port`];
    const other = seen.get(port);
    if (port !== 0 && other) {
      throw new ConfigurationError(
        `${PORT_VARIABLES[room]} and ${other} are both ${port}: give each its own port.`,
      );
    }
    seen.set(port, PORT_VARIABLES[room]);
  }
}

function readBind(env: Environment): string {
  const bind = env.STREAMPULSE_BIND || "127.0.0.1";
  if (!isIP(bind) && !/^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/.test(bind)) {
    throw new ConfigurationError(
      `STREAMPULSE_BIND must be an address of this machine, such as 127.0.0.1 or 0.0.0.0, not "${shorten(bind)}".`,
    );
  }
  return bind;
}

function readLogLevel(env: Environment): RuntimeLogLevel {
  const text = (env.STREAMPULSE_LOG_LEVEL || "info").toLowerCase();
  const level = LOG_LEVELS.find((known) => known === text);
  if (!level) {
    throw new ConfigurationError(
      `STREAMPULSE_LOG_LEVEL must be one of ${LOG_LEVELS.join(", ")}, not "${shorten(text)}".`,
    );
  }
  return level;
}

function readFlag(env: Environment, name: string): boolean {
  const text = (env[name] || "false").toLowerCase();
  if (text !== "true" && text !== "false") {
    throw new ConfigurationError(`${name} must be true or false, not "${shorten(text)}".`);
  }
  return text === "true";
}

function readGuiUrl(env: Environment): string | undefined {
  const text = env.STREAMPULSE_GUI_URL;
  if (!text) return undefined;
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.search || url.hash) {
    throw new ConfigurationError(
      `STREAMPULSE_GUI_URL must be an address such as http://192.168.1.5:6969/, not "${shorten(text)}".`,
    );
  }
  return url.href.endsWith("/") ? url.href : `${url.href}/`;
}

function readWatchdogSeconds(env: Environment): number {
  const text = env.STREAMPULSE_WATCHDOG_SECONDS || "30";
  const seconds = Number(text);
  if (!/^\d{1,4}$/.test(text) || seconds > 3600) {
    throw new ConfigurationError(
      `STREAMPULSE_WATCHDOG_SECONDS must be 1 to 3600, or 0 for no watchdog, not "${shorten(text)}".`,
    );
  }
  return seconds;
}

function readAdminPassword(env: Environment): string | undefined {
  const password = env.STREAMPULSE_ADMIN_PASSWORD;
  if (password && [...password].length > 200) {
    throw new ConfigurationError("STREAMPULSE_ADMIN_PASSWORD must not be longer than 200 characters.");
  }
  return password || undefined;
}

function readApiToken(env: Environment): string | undefined {
  const token = env.STREAMPULSE_API_TOKEN;
  if (token && !/^[\x21-\x7e]{1,500}$/.test(token)) {
    throw new ConfigurationError(
      "STREAMPULSE_API_TOKEN must be 1 to 500 visible ASCII characters without spaces, because it travels in an HTTP header.",
    );
  }
  return token || undefined;
}

function shorten(text: string): string {
  const visible = text.replace(/[\u0000-\u001f\u007f]/g, "?");
  return visible.length > 40 ? `${visible.slice(0, 40)}…` : visible;
}
