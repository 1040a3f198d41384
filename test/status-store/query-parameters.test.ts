import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Refusal } from "../../nodes/status-store/history";
import { csvCell } from "../../nodes/status-store/export-checks";
import {
  exportQuestion,
  historyQuestion,
  barsQuestion,
  incidentsQuestion,
  transitionsQuestion,
  uptimeQuestion,
} from "../../nodes/status-store/query-parameters";

const asked = { now: Date.UTC(2026, 5, 1, 12), timezone: "Europe/Berlin" };
const history = (parameters: object) => historyQuestion(parameters as Record<string, unknown>, "a", asked);

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof Refusal && error.statusCode === 400) return error.message;
    throw error;
  }
  return "";
}

describe("parameters of queries", () => {
  it("have defaults", () => {
    const day = { from: asked.now + 1 - 86_400_000, to: asked.now + 1, timezone: "Europe/Berlin" };
    assert.deepEqual(history({}), {
      ...{ kind: "history", stream: "a", ...day, limit: 1000, bucketMs: null, now: asked.now },
    });
    const all = { from: 0, to: asked.now + 1, timezone: "Europe/Berlin" };
    assert.deepEqual(incidentsQuestion({}, asked), {
      ...{ kind: "incidents", ...all, stream: null, limit: 100, open: false, before: null },
    });
    assert.deepEqual(uptimeQuestion({ window: "7d, 24h", by: "all" }, asked), {
      ...{ kind: "uptime", windows: ["7d", "24h"], by: ["all"], stream: null, now: asked.now },
      timezone: "Europe/Berlin",
    });
    const bars = { kind: "bars", hours: 24, buckets: 48, now: asked.now };
    assert.deepEqual(barsQuestion({ streams: ["a", "b"] }, asked), { ...bars, streams: ["a", "b"] });
    assert.deepEqual(barsQuestion({ streams: "a", hours: 1, buckets: "7" }, asked), {
      ...{ ...bars, streams: ["a"], hours: 1, buckets: 7 },
    });
    const transitions = {
      kind: "transitions",
      after: null,
      consumer: null,
      said: null,
      received: 0,
      limit: 100,
    };
    assert.deepEqual(transitionsQuestion({}), transitions);
    assert.deepEqual(transitionsQuestion({ after: "1780000000000", consumer: "mqtt", limit: 5 }), {
      ...{ ...transitions, after: 1_780_000_000_000, consumer: "mqtt", limit: 5 },
    });
  });

  it("take times as people write them", () => {
    const from = (text: string) => history({ from: text }).from;
    assert.equal(from("1780000000000"), 1_780_000_000_000);
    assert.equal(from("2026-01-31"), Date.UTC(2026, 0, 30, 23));
    assert.equal(from("2026-05-31T08:00"), Date.UTC(2026, 4, 31, 6));
    assert.equal(from("2026-05-31 08:00:01.5+01:00"), Date.UTC(2026, 4, 31, 7, 0, 1, 500));
    assert.equal(from("2026-05-31T08:00:00 01:00"), Date.UTC(2026, 4, 31, 7));
    assert.equal(from("2026-05-31T08:00:00-0330"), Date.UTC(2026, 4, 31, 11, 30));
    // the night of the change to summer time
    assert.equal(from("2026-03-29T03:00"), Date.UTC(2026, 2, 29, 1));
    assert.equal(from("2026-03-29T01:59"), Date.UTC(2026, 2, 29, 0, 59));
  });

  it("take local times on both sides of a change of the clocks, by half an hour too", () => {
    const cases: [string, string, string][] = [
      ["Europe/Berlin", "2026-03-29T01:59", "2026-03-29T00:59Z"],
      ["Europe/Berlin", "2026-03-29T03:00", "2026-03-29T01:00Z"],
      ["Europe/Berlin", "2026-10-25T03:00", "2026-10-25T02:00Z"],
      ["America/New_York", "2026-03-08T01:59", "2026-03-08T06:59Z"],
      ["America/New_York", "2026-03-08T03:00", "2026-03-08T07:00Z"],
      ["America/New_York", "2026-11-01T02:00", "2026-11-01T07:00Z"],
      ["Asia/Kathmandu", "2026-01-01", "2025-12-31T18:15Z"],
      ["Australia/Lord_Howe", "2026-04-05T01:00", "2026-04-04T14:00Z"],
      ["Australia/Lord_Howe", "2026-04-05T02:00", "2026-04-04T15:30Z"],
      ["Australia/Lord_Howe", "2026-10-04T02:30", "2026-10-03T15:30Z"],
      ["Pacific/Kiritimati", "2026-01-01T00:00", "2025-12-31T10:00Z"],
    ];
    for (const [timezone, from, utc] of cases) {
      const question = exportQuestion({ from, to: "2027-01-01" }, "csv", { ...asked, timezone });
      assert.equal(
        new Date(question.from).toISOString().slice(0, 16),
        utc.slice(0, 16),
        `${timezone} ${from}`,
      );
    }
  });

  it("are refused with one sentence", () => {
    const time =
      "must be a time in epoch milliseconds or as 2026-01-31, 2026-01-31T08:00 or 2026-01-31T08:00:00+01:00.";
    const cases: [() => unknown, string][] = [
      [() => history({ from: "yesterday" }), `The parameter from ${time}`],
      [() => history({ to: "2026-02-31" }), `The parameter to ${time}`],
      [() => history({ from: "-5" }), `The parameter from ${time}`],
      [() => history({ from: "5", to: "5" }), "The parameter from must be earlier than to."],
      [() => history({ limit: "0" }), "The parameter limit must be a whole number from 1 to 10000."],
      [() => history({ limit: "1e3" }), "The parameter limit must be a whole number from 1 to 10000."],
      [() => history({ limit: ["1", "2"] }), "The parameter limit must be given once."],
      [
        () => history({ bucket: "1w" }),
        "The parameter bucket must be a width such as 30s, 5m, 1h or 1d (a plain number is seconds), at most 366d.",
      ],
      [
        () => history({ bucket: "1s" }),
        "The parameter bucket is too small for this time: it gives more than 10000 buckets.",
      ],
      [
        () => history({ form: "1" }),
        'There is no parameter "form" here: known are from, to, limit, bucket, name.',
      ],
      [() => incidentsQuestion({ open: "yes" }, asked), "The parameter open must be true or false."],
      [
        () => incidentsQuestion({ before: "1" }, asked),
        "The parameter before must be what the last page gave as next.before.",
      ],
      [
        () => uptimeQuestion({ window: "1y" }, asked),
        "The parameter window must be one or several of 24h, 7d, 30d, 90d.",
      ],
      ...[undefined, [1], Array.from({ length: 201 }, () => "a")].map((streams): [() => unknown, string] => [
        () => barsQuestion({ streams }, asked),
        "The parameter streams must be a list of at most 200 names.",
      ]),
      [
        () => barsQuestion({ streams: [], hours: 169 }, asked),
        "The parameter hours must be a whole number from 1 to 168.",
      ],
      [
        () => barsQuestion({ streams: [], buckets: 501 }, asked),
        "The parameter buckets must be a whole number from 1 to 500.",
      ],
      [() => transitionsQuestion({ after: -1 }), "The parameter after must be the number of a transition."],
      [
        () => transitionsQuestion({ consumer: "x".repeat(101) }),
        "The parameter consumer must not be longer than 100 characters.",
      ],
      [
        () => transitionsQuestion({ limit: 1001 }),
        "The parameter limit must be a whole number from 1 to 1000.",
      ],
      [
        () => exportQuestion({ limit: "1" }, "csv", asked),
        'There is no parameter "limit" here: known are stream, from, to.',
      ],
    ];
    for (const [work, sentence] of cases) assert.equal(refusal(work), sentence);
  });
});

describe("a cell of CSV", () => {
  it("is quoted where it must be and never a formula", () => {
    const cells: Record<string, string> = {
      plain: "plain",
      'say "x", y': '"say ""x"", y"',
      "=1+1": "'=1+1",
      "+49": "'+49",
      "-": "'-",
      "@cmd": "'@cmd",
      "\t=1": "'\t=1",
      '=HYPERLINK("x")': `"'=HYPERLINK(""x"")"`,
      "a=b": "a=b",
    };
    for (const [text, cell] of Object.entries(cells)) assert.equal(csvCell(text), cell);
  });
});
