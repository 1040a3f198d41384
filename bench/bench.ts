import { writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { BenchChild } from "./child";
import { Bench, type BenchPlan } from "./measure";
import { HEARTBEAT_SECONDS } from "./product";
import { report, verdicts } from "./results";

/**
 * `npm run bench`: measures the product against floors of the same run, prints the figures and writes them to
 * bench/RESULTS.md. Ends with 1 when a budget is missed or a figure is worthless.
 */

const RESULTS = path.resolve(__dirname, "../../bench/RESULTS.md");
const USAGE = `npm run bench -- [--seconds 60] [--settle 60, at least ${HEARTBEAT_SECONDS}] [--load-seconds 10] [--sizes 1000,5000,10000] [--import-rows 1000000]`;

function readPlan(args: string[]): BenchPlan {
  const { values } = parseArgs({
    args,
    options: {
      seconds: { type: "string", default: "60" },
      settle: { type: "string", default: "60" },
      "load-seconds": { type: "string", default: "10" },
      sizes: { type: "string", default: "1000,5000,10000" },
      "import-rows": { type: "string", default: "1000000" },
    },
  });
  const plan: BenchPlan = {
    sizes: values.sizes.split(",").map(Number),
    seconds: Number(values.seconds),
    settleSeconds: Number(values.settle),
    loadSeconds: Number(values["load-seconds"]),
    importRows: Number(values["import-rows"]),
  };
  if (plan.settleSeconds < HEARTBEAT_SECONDS) throw new TypeError("settle is less than a heartbeat");
  const isSize = (size: number) => Number.isInteger(size) && size > 0 && size <= 40_000;
  if (!Number.isInteger(plan.importRows) || plan.importRows < 10_000 || plan.importRows > 20_000_000)
    throw new TypeError("not a number of rows");
  const times = [plan.seconds, plan.settleSeconds, plan.loadSeconds];
  if (!plan.sizes.every(isSize) || !times.every((time) => time > 0 && time <= 3600))
    throw new TypeError("not a number");
  return plan;
}

async function main(): Promise<number> {
  let plan: BenchPlan;
  try {
    plan = readPlan(process.argv.slice(2));
  } catch {
    console.error(`Usage: ${USAGE}`);
    return 2;
  }
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => stop.abort());
  const farm = BenchChild.start("farm");
  try {
    const bench = new Bench(plan, farm, (text) => console.log(`bench: ${text}`), stop.signal);
    const figures = await bench.run();
    const text = report(figures, plan);
    writeFileSync(RESULTS, text);
    console.log(`\n${text}`);
    return figures.faults.length === 0 && verdicts(figures).every(({ kept }) => kept) ? 0 : 1;
  } finally {
    await farm.stop();
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  },
);
