import os from "node:os";
import process from "node:process";
import type { StoreFigures } from "./store";
import type { BenchFigures, BenchPlan, SizeFigures } from "./measure";

/** One line of DESIGN's budgets: what must hold, and where we want to be. */
export interface Verdict {
  what: string;
  measured: string;
  budget: string;
  goal: string;
  kept: boolean;
  reached: boolean;
}

interface Limits {
  budget: number;
  goal: number;
}

const CPU_RATIO: Limits = { budget: 2.5, goal: 2 };
const LATENESS_MS: Limits = { budget: 1000, goal: 250 };
const LOOP_DELAY_MS: Limits = { budget: 50, goal: 20 };
const MEDIA_CHECK_SHARE: Limits = { budget: 1 / 20, goal: 1 / 50 };
const UPTIME_MS: Limits = { budget: 50, goal: 10 };
const KEPT_BYTES: Limits = { budget: 30, goal: 24 };
const WRITTEN_BYTES: Limits = { budget: 500, goal: 200 };
const METRICS_MS: Limits = { budget: 500, goal: 500 };
const HELD_MS: Limits = { budget: 50, goal: 50 };
const IMPORT_SECONDS: Limits = { budget: 300, goal: 300 };
const IMPORT_ROWS = 10_000_000;
const FULL_PUBLISH_SECONDS: Limits = { budget: 5, goal: 3 };
const MQTT_SHARE: Limits = { budget: 0.2, goal: 0.1 };
const FRAME_MS: Limits = { budget: 100, goal: 33 };
const FIRST_ROWS_MS: Limits = { budget: 2000, goal: 1000 };
const RESIDENT_MB: Limits = { budget: 300, goal: 250 };
const RESIDENT_STREAMS = 1000;
const LEAST_REQUESTS_PER_SECOND = 1000;
const LEAST_SHARE_OF_BARE = 0.5;
const SCALE_STREAMS = 10_000;

const ratio = (value: number) => `${value.toFixed(2)} ×`;
const percent = (share: number) => `${(share * 100).toFixed(1)} %`;

function atMost(
  what: string,
  value: number,
  { budget, goal }: Limits,
  format: (value: number) => string,
): Verdict {
  return {
    what,
    measured: format(value),
    budget: `≤ ${format(budget)}`,
    goal: `≤ ${format(goal)}`,
    kept: value <= budget,
    reached: value <= goal,
  };
}

function storeVerdicts(store: StoreFigures): Verdict[] {
  const ms = (value: number) => `${value.toFixed(1)} ms`;
  const bytes = (value: number) => `${value.toFixed(1)} bytes`;
  const seconds = (value: number) => `${Math.round(value)} s`;
  const importSeconds = IMPORT_ROWS / store.importRowsPerSecond;
  return [
    atMost("uptime of 1000 streams over 30 days", store.uptimeMs, UPTIME_MS, ms),
    atMost(
      "the same after the hourly work",
      store.uptimeColdMs,
      { ...UPTIME_MS, goal: UPTIME_MS.budget },
      ms,
    ),
    atMost("one stored check, kept", store.keptBytesPerCheck, KEPT_BYTES, bytes),
    atMost("one stored check, written", store.writtenBytesPerCheck, WRITTEN_BYTES, bytes),
    atMost(`/metrics with ${store.metricsStreams} streams`, store.metricsMs, METRICS_MS, ms),
    atMost("a commit waits for the hourly work of 10,000 streams", store.hourlySliceMs, HELD_MS, ms),
    atMost("import of 10,000,000 rows of v2.2", importSeconds, IMPORT_SECONDS, seconds),
  ];
}

/** DESIGN's budgets, as far as they were measured. */
export function verdicts({
  sizes,
  status,
  dashboard,
  pictures,
  mqtt,
  mediaCheck,
  store,
}: BenchFigures): Verdict[] {
  const found: Verdict[] = [];
  for (const size of sizes) {
    const what = `CPU of a whole check against the floor, ${size.streams} streams`;
    found.push(atMost(what, cpuRatio(size), CPU_RATIO, ratio));
  }
  const usual = sizes.find(({ streams }) => streams === RESIDENT_STREAMS);
  if (usual) {
    const what = `resident memory of the whole process, ${RESIDENT_STREAMS} streams`;
    found.push(atMost(what, usual.residentMb, RESIDENT_MB, (value) => `${Math.round(value)} MB`));
  }
  const scale = sizes.find(({ streams }) => streams === SCALE_STREAMS);
  if (scale) {
    const format = (value: number) => `${Math.round(value)} ms`;
    found.push(atMost(`lateness p99, ${SCALE_STREAMS} streams`, scale.latenessP99Ms, LATENESS_MS, format));
    found.push(
      atMost(
        `Node-RED's loop delay p99, ${SCALE_STREAMS} streams`,
        scale.loopDelayP99Ms,
        LOOP_DELAY_MS,
        format,
      ),
    );
  }
  if (status) {
    const share = status.requestsPerSecond / status.bareRequestsPerSecond;
    found.push({
      what: `/api/status with ${status.streams} streams`,
      measured: `${Math.round(status.requestsPerSecond)} requests/s, ${share.toFixed(2)} of a bare server`,
      budget: `≥ ${LEAST_REQUESTS_PER_SECOND} requests/s`,
      goal: `≥ ${LEAST_SHARE_OF_BARE} of a bare server`,
      kept: status.requestsPerSecond >= LEAST_REQUESTS_PER_SECOND,
      reached: share >= LEAST_SHARE_OF_BARE,
    });
  }
  if (dashboard && scale) {
    const format = (value: number) => `${Math.round(value)} ms`;
    for (const page of ["board", "settings"] as const) {
      const what = `${page} of ${SCALE_STREAMS} streams in a browser`;
      const { firstRowsMs, frameMs } = dashboard[page];
      found.push(atMost(`${what}: first rows`, firstRowsMs, FIRST_ROWS_MS, format));
      found.push(atMost(`${what}: frame p95 while scrolled`, frameMs, FRAME_MS, format));
    }
  }
  if (pictures?.streams === SCALE_STREAMS) {
    const format = (value: number) => `${Math.round(value)} ms`;
    const what = `${SCALE_STREAMS} streams, each picture once a minute`;
    found.push(atMost(`lateness p99, ${what}`, pictures.latenessP99Ms, LATENESS_MS, format));
    found.push(atMost(`Node-RED's loop delay p99, ${what}`, pictures.loopDelayP99Ms, LOOP_DELAY_MS, format));
  }
  if (mqtt?.streams === SCALE_STREAMS) {
    const what = `MQTT, ${SCALE_STREAMS} streams`;
    const seconds = (value: number) => `${value.toFixed(1)} s`;
    const share = mqtt.productShare - mqtt.productShareWithout;
    found.push(atMost(`${what}: all published anew`, mqtt.fullPublishSeconds, FULL_PUBLISH_SECONDS, seconds));
    found.push(atMost(`${what}: what it adds, of one core`, share, MQTT_SHARE, percent));
    const ms = (value: number) => `${Math.round(value)} ms`;
    found.push(atMost(`Node-RED's loop delay p99, ${what}`, mqtt.loopDelayP99Ms, LOOP_DELAY_MS, ms));
  }
  if (mediaCheck?.ffprobeMicros) {
    const share = mediaCheck.ownMicros / mediaCheck.ffprobeMicros;
    const what = "CPU of a media check against ffprobe on the same stream";
    found.push(atMost(what, share, MEDIA_CHECK_SHARE, (value) => `1/${Math.floor(1 / value + 1e-9)}`));
  }
  if (store) found.push(...storeVerdicts(store));
  return found;
}

const cpuRatio = (size: SizeFigures) => size.microsPerCheck / size.floor.microsPerCheck;

function cpuRatioWithoutIdle(size: SizeFigures, idleShare: number): number {
  return (size.microsPerCheck - (idleShare * 1e6) / size.checksPerSecond) / size.floor.microsPerCheck;
}

export function verdictText({ kept, reached }: Verdict): string {
  if (!kept) return "MISSED";
  return reached ? "kept, goal reached" : "kept, goal missed";
}

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** The whole report, in Markdown. */
export function report(figures: BenchFigures, plan: BenchPlan): string {
  const { sizes, idleShare, unpaced, farmShareUnpaced, status, pictures, mqtt, mediaCheck, store, faults } =
    figures;
  const cpus = os.cpus();
  const verdictRows = verdicts(figures).map((each) => [
    each.what,
    each.measured,
    each.budget,
    each.goal,
    verdictText(each),
  ]);
  const sizeRows = sizes.map((size) => [
    String(size.streams),
    size.checksPerSecond.toFixed(1),
    ratio(cpuRatio(size)),
    ratio(cpuRatioWithoutIdle(size, idleShare)),
    `${Math.round(size.microsPerCheck)} µs`,
    `${Math.round(size.floor.microsPerCheck)} µs`,
    `${size.latenessP99Ms.toFixed(1)} ms`,
    `${size.loopDelayP99Ms.toFixed(1)} ms`,
    `${Math.round(size.residentMb)} MB`,
    percent(size.productShare),
    percent(size.farmShare),
  ]);
  const sections = [
    "# Measured speed",
    "Written by `npm run bench`. Ratios are what to compare: each is taken against a floor of the same run.",
    `Machine: ${cpus.length} cores, ${cpus[0]?.model.trim()}, ${os.platform()} ${os.arch()}, Node.js ${process.version}.`,
    "## Budgets",
    table(["what", "measured", "budget", "goal", "verdict"], verdictRows),
    "## By number of streams",
    `The product as shipped, \`probe.level: handshake\`, heartbeat 20 s, ${plan.seconds} s each after ${plan.settleSeconds} s with all streams up. The floor is a bare-socket DESCRIBE and a row in a batched SQLite insert, at the same rate for half that time. CPU is all of the product's processes and threads; without idle means less the ${percent(idleShare)} of a core that it uses without streams.`,
    table(
      [
        "streams",
        "checks/s",
        "CPU against floor",
        "without idle",
        "CPU of a check",
        "of the floor",
        "lateness p99",
        "loop delay p99",
        "resident",
        "product, of one core",
        "farm, of one core",
      ],
      sizeRows,
    ),
    `Unpaced, the floor makes ${Math.round(unpaced.checksPerSecond)} checks/s at ${Math.round(unpaced.microsPerCheck)} µs each, and the farm then uses ${percent(farmShareUnpaced)} of a core.`,
  ];
  if (status) {
    sections.push(
      "## Status API",
      `\`/api/status\` with ${status.streams} streams (${status.bytes} bytes): ${Math.round(status.requestsPerSecond)} requests/s; a bare server of the same bytes: ${Math.round(status.bareRequestsPerSecond)}. Same load generator, in a process of its own, while the product goes on watching.`,
    );
  }
  if (pictures || mediaCheck) sections.push("## Pictures");
  if (pictures) {
    sections.push(
      `${pictures.streams} streams with \`probe.media_seconds: 60\`: ${pictures.checksPerSecond.toFixed(1)} checks/s at ${Math.round(pictures.microsPerCheck)} µs each, ${percent(pictures.productShare)} of a core, ${Math.round(pictures.residentMb)} MB resident, lateness p99 ${pictures.latenessP99Ms.toFixed(1)} ms, loop delay p99 ${pictures.loopDelayP99Ms.toFixed(1)} ms; the farm used ${percent(pictures.farmShare)}.`,
    );
  }
  if (mediaCheck) {
    const own = `A media check of an H.264 camera with 10 pictures a second costs ${Math.round(mediaCheck.ownMicros)} µs of CPU`;
    sections.push(
      mediaCheck.ffprobeMicros
        ? `${own}, one run of ffprobe on the same stream ${Math.round(mediaCheck.ffprobeMicros)} µs.`
        : `${own}. ffprobe is not installed.`,
    );
  }
  if (mqtt) {
    sections.push(
      "## MQTT",
      `${mqtt.streams} streams with \`mqtt.per_stream: true\`: ${mqtt.messagesPerSecond.toFixed(1)} messages/s, ${percent(mqtt.productShare)} of a core and without MQTT ${percent(mqtt.productShareWithout)}, ${Math.round(mqtt.residentMb)} MB resident, loop delay p99 ${mqtt.loopDelayP99Ms.toFixed(1)} ms. After a loss of the connection all states were published anew ${mqtt.fullPublishSeconds.toFixed(1)} s after the next one, what was kept being read first.`,
    );
  }
  if (store) {
    sections.push(
      "## Store",
      `Kept and written are over two hours of 1,000 streams at 20 s, hourly work included; written is what goes into the log and from there into the file. A CSV export runs at ${Math.round(store.exportRowsPerSecond)} rows/s, and the process grows by ${store.exportGrowthMb.toFixed(0)} MB meanwhile. ${store.importRows} rows of a v2.2 database came in at ${Math.round(store.importRowsPerSecond)} rows/s; a commit waited for the import ${store.longestSliceMs} ms at most.`,
    );
  }
  if (faults.length > 0) sections.push("## Faults", faults.map((fault) => `- ${fault}`).join("\n"));
  return `${sections.join("\n\n")}\n`;
}
