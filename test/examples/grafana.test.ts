import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { stringify } from "yaml";
import type { HealthReport } from "../../contracts";
import { startedStore } from "../status-store/history-suite";
import { check, settings, stream, transition } from "../status-store/support";
import { projectRoot } from "../support/fixtures";
import { needs } from "../support/needs";
import { temporaryFolder } from "../support/temporary-folder";
import { until } from "../support/until";

interface Panel {
  id: number;
  type: string;
  title: string;
  datasource: { uid: string };
  gridPos: { x: number; y: number; w: number; h: number };
  targets: { expr: string; datasource: { uid: string } }[];
}
interface Dashboard {
  uid: string;
  panels: Panel[];
  templating: { list: { name: string; query: string | { query: string } }[] };
}

const example = (...names: string[]) => path.join(projectRoot, "examples", ...names);
const dashboard = JSON.parse(readFileSync(example("grafana", "streampulse.json"), "utf8")) as Dashboard;
const alertsFile = example("compose", "monitoring", "alerts.yml");

/** As Grafana would fill them in. */
const withoutVariables = (expression: string) =>
  expression
    .replaceAll("$__rate_interval", "1m")
    .replaceAll("$__range", "6h")
    .replaceAll(/\$(instance|stream)\b/g, ".*");

/** The metrics that a text of PromQL names. */
const metricsIn = (text: string) => text.match(/\b(stream|system|streampulse)_[a-z0-9_]+\b(?!=)/g) ?? [];

/** Every metric that /metrics can have. */
async function allMetrics(test: Parameters<typeof startedStore>[0]): Promise<Set<string>> {
  const { store } = await startedStore(test, "memory");
  store.setStreams({ payload: [stream("a")], settings: settings() });
  store.recordChecks([check("a", { latencyMs: 5 })]);
  store.recordTransition(transition("a"));
  const details = {
    probe: { latenessP99Ms: 1, skipped: 0 },
    store: { checksStored: 1, dropped: 0, queued: 0, databaseBytes: 1, lastCommitAgoMs: 1 },
    mqtt: { connected: 1, published: 1, queued: 0 },
  };
  for (const [part, numbers] of Object.entries(details)) {
    store.metrics.noteHealth({
      source: part,
      part,
      running: true,
      problems: [],
      details: numbers,
    } as HealthReport);
  }
  await until(() => store.health().details.checksStored === 1);
  const text = Buffer.from((await store.askMetrics()).bytes).toString();
  return new Set(text.match(/^[a-z_][a-z0-9_]*/gm));
}

describe("the Grafana dashboard and the alerts of Prometheus", () => {
  it("name only metrics that /metrics has", async (t) => {
    const known = await allMetrics(t);
    const variables = dashboard.templating.list.map(({ query }) => JSON.stringify(query));
    const expressions = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
    const named = metricsIn([...variables, ...expressions, readFileSync(alertsFile, "utf8")].join("\n"));
    assert.ok(named.length > 20);
    assert.deepEqual(
      [...new Set(named)].filter((name) => !known.has(name)),
      [],
    );
  });

  it("have nothing in them of one installation, and no panel over another", () => {
    assert.equal(dashboard.uid, "streampulse");
    assert.equal("id" in dashboard, false);
    const places = new Map<string, string>();
    for (const { title, datasource, gridPos, targets } of dashboard.panels) {
      assert.equal(datasource.uid, "${datasource}", title);
      for (const target of targets) assert.equal(target.datasource.uid, "${datasource}", title);
      assert.ok(gridPos.x + gridPos.w <= 24, title);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          assert.equal(places.get(`${x},${y}`), undefined, title);
          places.set(`${x},${y}`, title);
        }
      }
    }
    const ids = dashboard.panels.map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
  });

  it("leave out streams that are switched off", needs("promtool"), (t) => {
    const series = (stream: string, up: string, ageSeconds: string) =>
      Object.entries({ stream_up: up, stream_last_seen_age_seconds: ageSeconds }).map(([name, values]) => ({
        series: `${name}{instance="here:7000",job="streampulse",stream="${stream}"}`,
        values,
      }));
    const counts = Object.entries({ total: 4, ok: 1, fail: 3 }).map(([name, value]) => ({
      series: `system_${name}_streams{instance="here:7000",job="streampulse"}`,
      values: `${value}x20`,
    }));
    const yard = (up: string) => [
      ...series("Yard", up, "10x20"),
      // checked once an hour
      ...series("Gate", "0x20", "0+60x20"),
      ...series("never on", "0x20", "999999x20"),
      ...series("switched off", "0x20", "90000+60x20"),
      ...counts,
    ];
    const failing = (stream: string) => ({
      exp_labels: { severity: "warning", instance: "here:7000", job: "streampulse", stream },
      exp_annotations: { summary: `${stream} has shown no picture for 5 minutes` },
    });
    const most = {
      exp_labels: { severity: "critical", instance: "here:7000", job: "streampulse" },
      exp_annotations: { summary: "100% of the streams of here:7000 fail: is it the network?" },
    };
    const expressions = dashboard.panels.flatMap(({ title, targets }) =>
      targets.map(({ expr }) => [title, withoutVariables(expr)] as const),
    );
    const shown = (title: string, ...samples: [labels: string, value: number][]) => ({
      expr: expressions.find(([name]) => name === title)?.[1],
      eval_time: "10m",
      exp_samples: samples.map(([labels, value]) => ({ labels, value })),
    });
    const ofStream = (stream: string, name = "") =>
      `${name}{instance="here:7000",job="streampulse",stream="${stream}"}`;
    const tests = [
      {
        input_series: yard("1x20"),
        alert_rule_test: [
          { eval_time: "10m", alertname: "StreamFails", exp_alerts: [failing("Gate")] },
          { eval_time: "10m", alertname: "ManyStreamsFail", exp_alerts: [] },
        ],
        promql_expr_test: [
          shown("Show a picture", ["{}", 1]),
          shown("Fail", ["{}", 1]),
          shown("Streams", ["{}", 4]),
          shown("Fail now", [ofStream("Gate", "stream_up"), 0]),
          shown("Worst in this time", [ofStream("Gate"), 0], [ofStream("Yard"), 1]),
        ],
      },
      {
        input_series: yard("0x20"),
        alert_rule_test: [
          { eval_time: "10m", alertname: "StreamFails", exp_alerts: [failing("Gate"), failing("Yard")] },
          { eval_time: "10m", alertname: "ManyStreamsFail", exp_alerts: [most] },
        ],
        promql_expr_test: [shown("Show a picture", ["{}", 0]), shown("Fail", ["{}", 2])],
      },
    ].map((test) => ({ interval: "1m", ...test }));
    const file = path.join(temporaryFolder(t), "alerts.test.yml");
    writeFileSync(file, stringify({ rule_files: [alertsFile], evaluation_interval: "1m", tests }));
    const { status, stdout, stderr } = spawnSync("promtool", ["test", "rules", file], { encoding: "utf8" });
    assert.equal(status, 0, stdout + stderr);
  });

  it("say what Prometheus understands", needs("promtool"), (t) => {
    const file = path.join(temporaryFolder(t), "rules.yml");
    const rules = dashboard.panels.flatMap(({ id, targets }) =>
      targets.map(({ expr }, index) => ({ record: `panel:${id}:${index}`, expr: withoutVariables(expr) })),
    );
    writeFileSync(file, stringify({ groups: [{ name: "dashboard", rules }] }));
    const config = example("compose", "monitoring", "prometheus.yml");
    for (const args of [
      ["check", "rules", file],
      ["check", "config", config],
    ]) {
      const { status, stdout, stderr } = spawnSync("promtool", args, { encoding: "utf8" });
      assert.equal(status, 0, stdout + stderr);
    }
  });
});
