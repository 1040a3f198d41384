import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { parse } from "yaml";
import { z } from "zod";
import { DEFAULT_CONFIG } from "../../nodes/stream-config/default-config";
import { fixture, projectRoot } from "../support/fixtures";

const schema = z.fromJSONSchema(
  JSON.parse(readFileSync(path.join(projectRoot, "docs", "config.schema.json"), "utf8")) as Parameters<
    typeof z.fromJSONSchema
  >[0],
);
const isGood = (text: string) => schema.safeParse(parse(text)).success;

/** Configurations that the documents show. */
function examples(): [where: string, text: string][] {
  const documents = [
    "README.md",
    ...readdirSync(path.join(projectRoot, "docs"))
      .filter((name) => name.endsWith(".md"))
      .map((name) => path.join("docs", name)),
  ];
  return documents.flatMap((document) => {
    const text = readFileSync(path.join(projectRoot, document), "utf8");
    return [...text.matchAll(/```ya?ml\n([^]*?)```/g)]
      .filter(([, block = ""]) => /^(streams|mqtt|probe|heartbeat_seconds):/m.test(block))
      .map(([, block = ""], index): [string, string] => [`${document} ${index + 1}`, block]);
  });
}

describe("docs/config.schema.json, docs/CONFIG.md and docs/REASONS.md", () => {
  it("are what contracts/ says now", () => {
    const script = path.join(projectRoot, "scripts", "config-docs.mjs");
    const { status, stderr } = spawnSync(process.execPath, [script, "--check"], { encoding: "utf8" });
    assert.equal(status, 0, stderr);
  });

  const good: [string, string][] = [
    ["the file of a first start", DEFAULT_CONFIG],
    ["the file of v2.2", readFileSync(fixture("v2.2", "config.yaml"), "utf8")],
    [
      "values of the environment",
      "heartbeat_seconds: ${BEAT}\nmqtt:\n  port: ${PORT}\n  retain: ${RETAIN}\nstreams: []\n",
    ],
    ["keys with nothing behind them", "streams:\nprobe:\nmqtt:\n  password:\n"],
    [
      "a name that looks like a number, and keys that nobody knows",
      "streams:\n- name: 7\n  url: rtsp://h/1\n  colour: red\n",
    ],
    ...examples(),
  ];
  for (const [name, text] of good) it(`take ${name}`, () => assert.ok(isGood(text)));

  const wrong: [string, string][] = [
    ["a number that is too small", "heartbeat_seconds: 1\n"],
    ["a part of a port", "mqtt:\n  port: 1.5\n"],
    ["a stream without a URL", "streams:\n- name: Gate\n"],
    ["a word that is none of those", "streams:\n- name: a\n  url: rtsp://h/1\n  level: deep\n"],
    ["text where a flag belongs", "strict_status: maybe\n"],
  ];
  for (const [name, text] of wrong) it(`refuse ${name}`, () => assert.ok(!isGood(text)));
});
