import { parentPort, workerData } from "node:worker_threads";
import { ConfigDesk, type EditOutcome, type ReadAnswer, type Refusal, type ViewAnswer } from "./config-desk";
import type { Edit, ImportFormat } from "../../contracts/edits";
import type { ImportOptions } from "./edit/plan-import";
import type { Environment } from "./environment";
import { readImport } from "./import";
import { ImportFault, type Imported } from "./import/importer";

/** What the thread is given. */
export interface ConfigWorkerData {
  env: Environment;
}

/** What it is asked, one after another, with what it answers. */
export interface ConfigTasks {
  read: { ask: { text: string }; answer: ReadAnswer };
  view: { ask: { text: string; stream?: string }; answer: ViewAnswer | Refusal };
  csv: { ask: { text: string }; answer: { csv: string } | Refusal };
  edit: { ask: { text: string; edit: Edit }; answer: EditOutcome | Refusal };
  /** Reads a text of another system; touches nothing. */
  recognise: {
    ask: { source: string; format?: ImportFormat };
    answer: (Imported & { format: ImportFormat }) | Refusal;
  };
  import: {
    ask: {
      text: string;
      imported: Imported & { format: ImportFormat };
      options: ImportOptions & { apply: boolean };
    };
    answer: EditOutcome | Refusal;
  };
}

export type ConfigTask = keyof ConfigTasks;

const { env } = workerData as ConfigWorkerData;
const desk = new ConfigDesk(env);

const work: { [Task in ConfigTask]: (ask: ConfigTasks[Task]["ask"]) => ConfigTasks[Task]["answer"] } = {
  read: ({ text }) => desk.read(text),
  view: ({ text, stream }) => desk.view(text, stream),
  csv: ({ text }) => desk.csv(text),
  edit: ({ text, edit }) => desk.edit(text, edit),
  recognise: ({ source, format }) => {
    try {
      return readImport(source, format, env);
    } catch (error) {
      // a text that is nested without end breaks whoever follows it
      const isDeep = error instanceof RangeError;
      if (!isDeep && !(error instanceof ImportFault)) throw error;
      const message = isDeep ? "The text is nested too deeply." : (error as Error).message;
      return { refused: { status: 400, error: { code: "unreadable_import", message } } };
    }
  },
  import: ({ text, imported, options }) => desk.import(text, imported, options),
};

parentPort?.on(
  "message",
  <Task extends ConfigTask>({ task, ask }: { task: Task; ask: ConfigTasks[Task]["ask"] }) => {
    parentPort?.postMessage(work[task](ask));
  },
);
