import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Check, Media } from "../../contracts/check";
import type { Reason, State } from "../../contracts/reasons";
import type { Environment } from "../../runtime/paths";
import { editorToken, startProduct, writeFlows, type RunningProduct } from "../runtime/support";
import { until } from "../support/until";

/** One entry of `GET /api/streams`. */
export interface StreamAnswer {
  name: string;
  state: State;
  reason: Reason | null;
  since: number;
  last: Omit<Check, "stream"> | null;
  media: Media | null;
}

export const PASSWORD = "correct horse battery";

/** The product with the shipped flow, in a process of its own, on a config.yaml of the test's. */
export class ProductUnderTest {
  private constructor(
    public running: RunningProduct,
    readonly dataDir: string,
  ) {}

  /**
   * @param flows in place of the shipped one
   * @param prepare puts more into the data folder
   */
  static async start(
    config: object,
    env: Environment = {},
    flows?: unknown[],
    prepare: (dataDir: string) => void = () => {},
  ): Promise<ProductUnderTest> {
    const dataDir = mkdtempSync(path.join(tmpdir(), "streampulse-product-"));
    // JSON is YAML
    writeFileSync(path.join(dataDir, "config.yaml"), JSON.stringify(config));
    if (flows) writeFlows(dataDir, flows);
    prepare(dataDir);
    return new ProductUnderTest(
      await startProduct(dataDir, { STREAMPULSE_ADMIN_PASSWORD: PASSWORD, ...env }),
      dataDir,
    );
  }

  writeConfig(config: object): void {
    writeFileSync(path.join(this.dataDir, "config.yaml"), JSON.stringify(config));
  }

  async api<T>(apiPath: string): Promise<T> {
    const response = await fetch(`${this.running.addresses.api}${apiPath}`);
    return (await response.json()) as T;
  }

  async stream(name: string): Promise<StreamAnswer> {
    return this.api<StreamAnswer>(`api/streams/${encodeURIComponent(name)}`);
  }

  /** Waits until the stream is confirmed so. */
  async untilState(name: string, state: State): Promise<StreamAnswer> {
    let answer = await this.stream(name);
    try {
      await until(async () => (answer = await this.stream(name)).state === state, 60_000);
    } catch (error) {
      throw new Error(`${name} did not become ${state}: ${JSON.stringify(answer)}`, { cause: error });
    }
    return answer;
  }

  /** Requests of the editor's admin API, signed in. */
  async admin(
    method: string,
    apiPath: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const { editor } = this.running.addresses;
    const login = await editorToken(editor, PASSWORD);
    const { access_token } = (await login.json()) as { access_token: string };
    return fetch(`${editor}${apiPath}`, {
      method,
      headers: { Authorization: `Bearer ${access_token}`, "Content-Type": "application/json", ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  }

  /** Ends the program and begins it again, with what it has kept. */
  async restart(): Promise<void> {
    await this.running.stop();
    this.running = await startProduct(this.dataDir, { STREAMPULSE_ADMIN_PASSWORD: PASSWORD });
  }

  async stop(): Promise<void> {
    await this.running.stop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}
