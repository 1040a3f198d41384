import { existsSync, readFileSync, realpathSync } from "node:fs";
import path from "node:path";
import { systemClock } from "../common/clock";
import type { Logger } from "../common/logger";
import type { ProductSettings } from "../common/node-red";
import { Account } from "./auth/account";
import { AuthFile } from "./auth/auth-file";
import { dashboardIoMiddleware } from "./auth/dashboard-socket";
import { EditorLogin } from "./auth/editor-login";
import { isFileError, prepareDataFolder } from "./first-start";
import { productLogging, stdoutLogger } from "./log-handler";
import {
  ConfigurationError,
  packageRoot,
  readEnvironment,
  type Environment,
  type RuntimeOptions,
} from "./paths";

/** What the plugin needs beside what every node may know. */
export interface RuntimeSettings {
  account: Account;
  bind: string;
  apiPort: number;
  guiPort: number;
  editorPort: number;
  trustProxy: boolean;
  guiUrl?: string;
  watchdogSeconds: number;
  version: string;
}

/** `streampulse:` of the product's settings file. */
export interface StreamPulseSettings extends ProductSettings {
  product: true;
  dataDir: string;
  configFile: string;
  databaseFile: string;
  runtime: RuntimeSettings;
}

/**
 * All that makes a stock Node-RED the product, as its settings file exports it. Prepares the data folder and reads
 * the login first.
 * @param folder what relative paths of the environment begin at
 * @throws ConfigurationError with one sentence for a person
 */
export function productSettingsFile(env: Environment, folder: string, root = packageRoot()) {
  const options = readEnvironment(env, folder);
  const logger = stdoutLogger(options.logLevel);
  prepareDataFolder(options, path.join(root, "flows", "streampulse.json"), logger);
  const { authFile, account } = openAccount(options, logger);
  const login = new EditorLogin(account, systemClock, options.trustProxy);
  return {
    userDir: options.userDir,
    flowFile: "flows.json",
    flowFilePretty: true,
    credentialSecret: authFile.data.credentialSecret,
    nodesDir: isScanned(root, options.userDir) ? [] : [root],
    uiPort: options.editorPort,
    // an import of 10 MB, as JSON; the public ports have limits of their own
    apiMaxLength: "24mb",
    uiHost: options.bind,
    adminAuth: login.adminAuth(),
    httpAdminMiddleware: login.adminMiddleware,
    httpNodeAuth: login.nodeAuth,
    dashboard: { ioMiddleware: dashboardIoMiddleware(account) },
    logging: productLogging(options.logLevel),
    telemetry: { enabled: false, updateNotification: false },
    editorTheme: {
      page: { title: "StreamPulse" },
      header: { title: "StreamPulse" },
      tours: false,
    },
    streampulse: streamPulse(options, account, root),
  };
}

function openAccount(options: RuntimeOptions, logger: Logger): { authFile: AuthFile; account: Account } {
  try {
    const authFile = AuthFile.open(options.authFile);
    const { adminPassword, apiToken } = options;
    const account = new Account({ authFile, adminPassword, apiToken, clock: systemClock, logger });
    account.adoptEnvironment();
    return { authFile, account };
  } catch (error) {
    if (!isFileError(error)) throw error;
    throw new ConfigurationError(
      `${options.authFile} cannot be written (${error.code}): let the user that runs StreamPulse own it.`,
    );
  }
}

function streamPulse(options: RuntimeOptions, account: Account, root: string): StreamPulseSettings {
  const { dataDir, configFile, databaseFile, bind, apiPort, guiPort, editorPort, trustProxy } = options;
  const { guiUrl, watchdogSeconds } = options;
  return {
    product: true,
    dataDir,
    configFile,
    databaseFile,
    runtime: {
      account,
      bind,
      apiPort,
      guiPort,
      editorPort,
      trustProxy,
      guiUrl,
      watchdogSeconds,
      version: packageJson(root).version,
    },
  };
}

/**
 * Whether Node-RED finds this package by itself: it looks into the userDir's node_modules and into each node_modules
 * above its own core nodes. From anywhere else (a clone) it is loaded as a `nodesDir` that is a module.
 */
function isScanned(root: string, userDir: string): boolean {
  const { name } = packageJson(root);
  let folder = path.dirname(
    require.resolve("@node-red/nodes/package.json", { paths: [nodeRedFolder(root)] }),
  );
  const scanned = [userDir];
  while (path.dirname(folder) !== folder) {
    scanned.push(folder);
    folder = path.dirname(folder);
  }
  return scanned
    .map((above) => path.join(above, "node_modules", name))
    .some((candidate) => existsSync(candidate) && realpathSync(candidate) === realpathSync(root));
}

/** The folder of the Node-RED that the product runs in. */
export function nodeRedFolder(root: string): string {
  return path.dirname(require.resolve("node-red/package.json", { paths: [root] }));
}

function packageJson(root: string): { name: string; version: string } {
  return JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as {
    name: string;
    version: string;
  };
}
