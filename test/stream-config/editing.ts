import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import type { TestContext } from "node:test";
import { systemClock } from "../../common/clock";
import type { EditAnswer, EditErrorAnswer } from "../../contracts/edits";
import { ConfigEditor } from "../../nodes/stream-config/config-editor";
import { ConfigSource, type Config } from "../../nodes/stream-config/config-source";
import { RecordingLogger } from "../support/recording-logger";
import { temporaryFolder } from "../support/temporary-folder";

export interface Editing {
  file: string;
  source: ConfigSource;
  configs: Config[];
  logger: RecordingLogger;
  forgotten: string[][];
  restarted: string[];
  ask: <T = EditAnswer & EditErrorAnswer>(message: Record<string, unknown>) => Promise<Answered<T>>;
  edit: (payload: object, revision?: string) => Promise<Answered<EditAnswer & EditErrorAnswer>>;
}

export interface Answered<T> {
  statusCode: number;
  payload: T;
  headers?: Record<string, string>;
}

/** The editor of a config.yaml with this text, in force. */
export async function editing(
  test: TestContext,
  text: string,
  env: Record<string, string> = {},
  pollMs = 60_000,
): Promise<Editing> {
  const file = path.join(temporaryFolder(test), "config.yaml");
  writeFileSync(file, text);
  const [configs, forgotten, restarted]: [Config[], string[][], string[]] = [[], [], []];
  const logger = new RecordingLogger();
  const source = new ConfigSource({
    file,
    env,
    clock: systemClock,
    logger,
    onConfig: (config) => configs.push(config),
    onStatus: () => {},
    pollMs,
  });
  const editor = new ConfigEditor({
    source,
    env,
    logger,
    onForget: (names) => forgotten.push(names),
    onRestart: (service) => restarted.push(service),
    importTimeoutMs: 2500,
  });
  test.after(() => Promise.all([source.stop(), editor.stop()]));
  await source.start();
  const ask: Editing["ask"] = async (message) => {
    const answer = editor.answer(message);
    assert.ok(answer);
    return (await answer) as never;
  };
  const edit: Editing["edit"] = (payload, revision) => ask({ topic: "edit", payload, revision });
  return { file, source, configs, logger, forgotten, restarted, ask, edit };
}
