import { mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { silentLogger } from "../../common/logger";
import type { Environment } from "../../runtime/paths";
import type { Addresses } from "../../runtime/plugin/product-runtime";
import { Product } from "../../runtime/start";
import { until } from "../support/until";

export interface RunningProduct {
  product: Product;
  addresses: Required<Addresses>;
  dataDir: string;
  /** Everything that Node-RED's process wrote. */
  output: () => string;
  stop: () => Promise<number>;
}

/** The environment of this process without what would make the product another one. */
export function cleanEnvironment(extra: Environment): Environment {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(STREAMPULSE_|NODE_RED_|DB_PATH|CFG_PATH)/.test(name),
  );
  return {
    ...Object.fromEntries(kept),
    STREAMPULSE_API_PORT: "0",
    STREAMPULSE_GUI_PORT: "0",
    STREAMPULSE_EDITOR_PORT: "0",
    ...extra,
  };
}

export function writeFlows(dataDir: string, flows: unknown[]): void {
  mkdirSync(path.join(dataDir, "node-red"), { recursive: true });
  writeFileSync(path.join(dataDir, "node-red", "flows.json"), JSON.stringify(flows));
}

/** Starts the product as `npm start` does: Node-RED in a process of its own. */
export async function startProduct(dataDir: string, env: Environment = {}): Promise<RunningProduct> {
  let text = "";
  const product = new Product({
    env: cleanEnvironment({ STREAMPULSE_DATA: dataDir, ...env }),
    folder: tmpdir(),
    logger: silentLogger,
    onOutput: (more) => (text += more),
  });
  try {
    const flowsStarted = until(() => text.includes("Started flows"), 60_000);
    const [addresses] = await Promise.all([product.start() as Promise<Required<Addresses>>, flowsStarted]);
    return { product, addresses, dataDir, output: () => text, stop: () => product.stop() };
  } catch (error) {
    await product.stop();
    throw new Error(`the product did not start:\n${text}`, { cause: error });
  }
}

export interface RawAnswer {
  status: number;
  head: string;
  body: string;
}

/** Sends exactly these bytes and reads until the other side closes. */
export function rawRequest(url: string, text: string): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(Number(port), hostname, () => socket.write(text, "latin1"));
    socket.setEncoding("utf8").on("data", (more: string) => (answer += more));
    socket.on("error", reject).setTimeout(20_000, () => socket.destroy(new Error("no answer")));
    socket.on("close", () => {
      const [head = "", ...rest] = answer.split("\r\n\r\n");
      resolve({ status: Number(head.split(" ")[1] ?? 0), head, body: rest.join("\r\n\r\n") });
    });
  });
}

/** One request with a target that no client library would send so. */
export function rawGet(
  url: string,
  target: string,
  headers: string[] = [],
  method = "GET",
): Promise<RawAnswer> {
  const lines = [
    `${method} ${target} HTTP/1.1`,
    `Host: ${new URL(url).host}`,
    "Connection: close",
    ...headers,
  ];
  return rawRequest(url, `${lines.join("\r\n")}\r\n\r\n`);
}

export interface PostOptions {
  cookie?: string;
  /** Without it the request says that it comes from a page of the same address. */
  origin?: string | null;
  method?: string;
  headers?: Record<string, string>;
}

/** Posts a form as a browser would. */
export function post(
  url: string,
  fields: Record<string, string>,
  options: PostOptions = {},
): Promise<Response> {
  const headers: Record<string, string> = { ...options.headers };
  if (options.origin !== null) headers.Origin = options.origin ?? new URL(url).origin;
  if (options.cookie) headers.Cookie = options.cookie;
  return fetch(url, {
    method: options.method ?? "POST",
    redirect: "manual",
    headers,
    body: new URLSearchParams(fields),
  });
}

/** `name=value` of a Set-Cookie. */
export function cookieOf(response: Response): string {
  return response.headers.getSetCookie()[0]?.split(";")[0] ?? "";
}

/** Asks for a token of the editor, as its login page does. */
export function editorToken(editor: string, password: string, username = "admin"): Promise<Response> {
  const grant = { client_id: "node-red-editor", grant_type: "password", scope: "" };
  return post(`${editor}auth/token`, { ...grant, username, password });
}

export async function signIn(gui: string, password: string): Promise<string> {
  const response = await post(`${gui}login`, { password });
  if (response.status !== 303) throw new Error(`login answered ${response.status}`);
  return cookieOf(response);
}
