// The text of docs/REASONS.md, made from contracts/reasons.ts.
import reasons from "../dist/contracts/reasons.js";

const HEADINGS = {
  up: "Up (green)",
  degraded: "Degraded (yellow): the device answers, but there is no full picture",
  down: "Down (red): nothing usable",
};

function table(state) {
  const rows = Object.entries(reasons.REASONS)
    .filter(([, facts]) => facts.state === state)
    .map(
      ([code, { text, advice, v22 }]) => `| \`${code}\` | ${text} | ${advice} | ${v22.rtsp} | ${v22.http} |`,
    );
  return [
    "| code | meaning | what to do | v2.2: RTSP | v2.2: HTTP |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}

export function reasonsReference() {
  const sections = Object.entries(HEADINGS).map(([state, heading]) => `## ${heading}\n\n${table(state)}`);
  return `# Reason codes

Every verdict has one of these codes. It stands as \`reason\` in the answers of the [API](API.md), in the payloads of
[MQTT](MQTT.md), in the messages of the flow and on the board, and never changes its meaning. The \`message\` beside it
names the evidence (\`no RTP within 5 s\`, \`segment HTTP 404\`). This page is made from \`contracts/reasons.ts\` by
\`npm run docs\`.

The last two columns say which \`status\` v2.2 would have given, by the protocol of the stream. \`/api/status\` and
\`mqtt.topic\` still say that, unless [\`strict_status\`](CONFIG.md#at-the-top) is \`true\`: then all but \`ok\` is \`fail\`.

${sections.join("\n\n")}

## Without a reason (grey)

| state | meaning |
| --- | --- |
| \`pending\` | Not checked yet. |
| \`paused\` | Switched off by \`enabled: false\` or by a person. |
| \`unknown\` | The monitor itself was not running, or was stopped. |

## When a failure counts

A worsening counts after \`probe.confirm_failures\` checks in a row, which follow each other at once and not a heartbeat
later. A recovery counts with the first check that looks as far as the one that found the failure. Credentials that a
camera refused are sent again at most every five minutes. Four changes within half an hour make a stream flap, which
is shown beside its state. When all streams of a host or of a subnet (/24) are down, one \`outage\` message says so, beside the
changes of the single streams.
`;
}
