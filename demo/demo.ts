import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { stringify } from "yaml";
import { stdoutLogger } from "../runtime/log-handler";
import { Product } from "../runtime/start";
import { listen, LOOPBACK } from "./cameras";
import { DemoCameras, type DemoStream } from "./demo-cameras";
import { startHealthy } from "./healthy-start";
import { MqttBroker } from "./mqtt-broker";

/** `npm run demo`: StreamPulse with simulated cameras and a broker, on loopback, in a folder that is thrown away. */

const HEARTBEAT_SECONDS = 5;
const PORTS = {
  STREAMPULSE_API_PORT: "7000",
  STREAMPULSE_GUI_PORT: "8000",
  STREAMPULSE_EDITOR_PORT: "1880",
};
type PortVariable = keyof typeof PORTS;

const say = (text = "") => console.log(text);

function readPorts(env: NodeJS.ProcessEnv): Record<PortVariable, number> {
  const ports = Object.entries(PORTS).map(([variable, usual]) => [variable, Number(env[variable] || usual)]);
  return Object.fromEntries(ports) as Record<PortVariable, number>;
}

/** @returns one sentence for each port that cannot be had */
async function portProblems(ports: Record<PortVariable, number>): Promise<string[]> {
  const problems: string[] = [];
  for (const [variable, port] of Object.entries(ports)) {
    const server = createServer();
    try {
      await listen(server, port, LOOPBACK);
      await new Promise((resolve) => server.close(resolve));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const what = code === "EADDRINUSE" ? "is taken by another program" : `cannot be opened (${code})`;
      problems.push(`Port ${port} ${what}: end it, or set ${variable} to a free port.`);
    }
  }
  return problems;
}

function writeConfig(folder: string, streams: DemoStream[], mqttPort: number): void {
  const mqtt = {
    enabled: true,
    host: LOOPBACK,
    port: mqttPort,
    per_stream: true,
    discovery: true,
    commands: true,
  };
  const config = { heartbeat_seconds: HEARTBEAT_SECONDS, mqtt, streams };
  const comment = "# The configuration of the demo. Edit it: changes are live within 3 seconds.\n";
  writeFileSync(path.join(folder, "config.yaml"), comment + stringify(config));
}

interface Opened {
  ports: Record<PortVariable, number>;
  password: string;
  folder: string;
  streams: DemoStream[];
  mqttPort: number;
}

function sayWhereToLook({ ports, password, folder, streams, mqttPort }: Opened): void {
  const at = (variable: PortVariable) => `http://${LOOPBACK}:${ports[variable]}/`;
  say();
  say(`StreamPulse watches ${streams.length} simulated cameras, every ${HEARTBEAT_SECONDS} seconds:`);
  for (const { name } of streams) say(`  ${name}`);
  say();
  say(`  Status        ${at("STREAMPULSE_API_PORT")}api/status`);
  say(`  Health        ${at("STREAMPULSE_API_PORT")}healthz`);
  say(`  Pages         ${at("STREAMPULSE_GUI_PORT")}`);
  say(`  Flow editor   ${at("STREAMPULSE_EDITOR_PORT")}`);
  say(`  MQTT          mosquitto_sub -h ${LOOPBACK} -p ${mqttPort} -v -t 'streampulse/#'`);
  say(`  Sign in       admin, password ${password}`);
  say(`  Configuration ${path.join(folder, "config.yaml")}`);
  say();
  say("Ctrl-C ends it and removes the folder.");
}

/** @returns a promise that the first Ctrl-C (or SIGTERM, SIGHUP, or the end of what started us) resolves */
function askedToStop(): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected) process.once("disconnect", () => resolve());
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => resolve());
  });
}

async function demo(): Promise<number> {
  const stopped = askedToStop().then(() => 0);
  const ports = readPorts(process.env);
  const problems = await portProblems(ports);
  if (problems.length > 0) {
    for (const problem of problems) console.error(`streampulse: ${problem}`);
    return 1;
  }
  const ownPassword = process.env.STREAMPULSE_ADMIN_PASSWORD;
  const password = ownPassword || randomBytes(9).toString("base64url");
  // Only a password that is thrown away with the rest may stand in a log.
  const shownPassword = ownPassword ? "of STREAMPULSE_ADMIN_PASSWORD" : password;
  const folder = mkdtempSync(path.join(os.tmpdir(), "streampulse-demo-"));
  const cameras = new DemoCameras();
  const broker = new MqttBroker();
  const env = {
    ...process.env,
    STREAMPULSE_DATA: folder,
    STREAMPULSE_ADMIN_PASSWORD: password,
    STREAMPULSE_BIND: LOOPBACK,
    // these would lead out of the folder
    DB_PATH: undefined,
    CFG_PATH: undefined,
  };
  const product = new Product({ env, folder, logger: stdoutLogger("info") });
  try {
    const streams = await cameras.start();
    const mqttPort = await broker.start();
    writeConfig(folder, streams, mqttPort);
    say("streampulse: starting");
    const early = await Promise.race([startHealthy(product), stopped]);
    if (early === 0) return 0;
    sayWhereToLook({ ports, password: shownPassword, folder, streams, mqttPort });
    return await Promise.race([stopped, product.ended]);
  } finally {
    await product.stop();
    await Promise.all([cameras.stop(), broker.stop()]);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

demo().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(`streampulse: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  },
);
