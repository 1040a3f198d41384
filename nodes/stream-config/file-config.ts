import type { Clock } from "../../common/clock";
import type { Logger } from "../../common/logger";
import { ConfigEditor, type EditorAnswer } from "./config-editor";
import { ConfigSource, type ConfigStatus } from "./config-source";
import type { Environment } from "./environment";
import type { Provider, ProviderMessage } from "./provider";

export interface FileConfigOptions {
  /** Absolute path of config.yaml. */
  file: string;
  env: Environment;
  clock: Clock;
  logger: Logger;
  onMessage(message: ProviderMessage): void;
  onStatus(status: ConfigStatus): void;
}

/** Streams and settings of a config.yaml, which is watched, and changed for whoever asks. */
export class FileConfig implements Provider {
  private readonly source: ConfigSource;
  private readonly editor: ConfigEditor;

  constructor(options: FileConfigOptions) {
    const { env, logger } = options;
    const onMessage = (message: ProviderMessage) => options.onMessage(message);
    this.source = new ConfigSource({
      ...options,
      onConfig: ({ streams, settings, renames }) => {
        const message = { topic: "streams", payload: streams, settings } as const;
        onMessage(renames ? { ...message, renames } : message);
      },
    });
    this.editor = new ConfigEditor({
      ...{ source: this.source, env, logger },
      onForget: (names) => onMessage({ topic: "forget", payload: names }),
      onRestart: (service) => onMessage({ topic: "restart", payload: service }),
    });
  }

  start(): Promise<void> {
    return this.source.start();
  }

  reload(): Promise<void> {
    return this.source.reload();
  }

  async stop(): Promise<void> {
    await Promise.all([this.source.stop(), this.editor.stop()]);
  }

  answer(message: Readonly<Record<string, unknown>>): Promise<EditorAnswer> | undefined {
    return this.editor.answer(message);
  }
}
