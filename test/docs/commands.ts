import { COMMENTED, DOCUMENTS, readText } from "./documents";

/** A command that a document tells people to type. */
export interface Command {
  /** `docs/API.md#status` */
  place: string;
  /** One line; where it was broken by a backslash, with a space there. */
  text: string;
}

/** How a command is shown to work. */
export type Proof =
  /** product.test.ts runs it against a started product, as it stands but for addresses. */
  | { kind: "product" }
  /** commands.test.ts runs it, or what of it can be run anywhere. */
  | { kind: "here" }
  /** A task of scripts/run.mjs that is in package.json. */
  | { kind: "task" }
  /** Another test does the same: its file, and words of it that show so. */
  | { kind: "by"; file: string; words: string[] };

const product: Proof = { kind: "product" };
const here: Proof = { kind: "here" };
const task: Proof = { kind: "task" };
const by = (file: string, ...words: string[]): Proof => ({ kind: "by", file, words });

const CONTAINER = "test/container/container.test.ts";
const DROP_IN = "test/product/drop-in.test.ts";
const bearer = 'curl -H "Authorization: Bearer $TOKEN"';
const json = `${bearer} -H "Content-Type: application/json"`;

/** Every command of the documents, as they stand there. */
export const COMMANDS: Record<string, Proof> = {
  "npm run demo": here,
  "npm start": by("test/runtime/start.test.ts", 'describe("npm start"', "StreamPulse is ready"),
  "npm test": task,
  "npm test -- rtsp": task,
  "npm run build": task,
  "npm run format": task,
  "npm run docs": task,
  "npm run bench": task,
  "npm pack": by("test/product/drop-in.ts", '"pack", "--json"'),
  [`npm install ${tarball()}`]: by(DROP_IN, "works without Dashboard in"),

  "docker compose up -d --build": by(CONTAINER, 'compose("build"', 'compose("up", "--detach"'),
  "docker compose up -d": by(CONTAINER, 'compose("up", "--detach"'),
  "docker compose down": by(CONTAINER, 'compose("down"'),
  "docker compose logs": by(CONTAINER, "container.logs()"),
  "docker compose logs --tail 100": by(CONTAINER, "container.logs()"),
  "docker build -t streampulse .": by(CONTAINER, 'compose("build"'),
  "docker run -d --name streampulse --restart unless-stopped --read-only --tmpfs /tmp --cap-drop ALL --user 1000:1000 -p 6868:7000 -p 6969:8000 -v /srv/streampulse:/host streampulse":
    by(CONTAINER, '"--read-only"', '"--tmpfs"', '"--cap-drop"', '"--user"'),
  "docker compose -f examples/compose/mqtt/compose.yaml up -d --build": here,
  "docker compose -f examples/compose/monitoring/compose.yaml up -d --build": here,
  "git pull && docker compose up -d --build": by(CONTAINER, "is the same after down and a rebuild"),

  "git clone REPOSITORY /opt/streampulse": here,
  "cd /opt/streampulse && npm run build": task,
  "cp examples/systemd/streampulse.service /etc/systemd/system/": here,
  "systemctl enable --now streampulse": here,
  "journalctl -u streampulse": here,
  "journalctl -u streampulse -n 100": here,
  "tar -czf streampulse-backup.tar.gz StreamPulse-v2.2": here,

  "curl http://localhost:7000/healthz": product,
  "curl http://localhost:7000/api/status": product,
  "curl http://localhost:7000/api/streams/Gate": product,
  'curl "http://localhost:7000/api/uptime?window=24h,30d&by=all"': product,
  [`${bearer} "http://localhost:7000/api/streams/Gate/history?bucket=1h"`]: product,
  [`${bearer} "http://localhost:7000/api/incidents?open=true"`]: product,
  [`${bearer} -o checks.csv http://localhost:7000/api/export.csv`]: product,
  'curl -c cookies -H "Origin: http://localhost:8000" -d "password=$PASSWORD" http://localhost:8000/login':
    product,
  [`curl -b cookies -H "Origin: http://localhost:8000" -H "Content-Type: application/json" -d '{"name": "backup"}' http://localhost:8000/auth/tokens`]:
    product,
  [`${json} -d '{"name": "Yard", "url": "rtsp://viewer:secret@192.168.1.21/stream1"}' http://localhost:8000/api/streams`]:
    product,
  [`${json} -X PUT -d '{"probe": {"confirm_failures": 3}}' http://localhost:8000/api/settings`]: product,
  [`${bearer} -H "Content-Type: text/plain" --data-binary @go2rtc.yaml "http://localhost:8000/api/import?apply=true"`]:
    product,
  [`${bearer} -o gate.jpg http://localhost:8000/snapshot/Gate.jpg`]: product,
  "mosquitto_sub -h localhost -t 'streampulse/#' -v": product,
  "mosquitto_pub -h localhost -t streampulse/streams/gate/check -n": product,
  'curl -fsS -H "Authorization: Bearer $TOKEN" -o streams-backup.db http://localhost:8000/api/backup':
    product,
  'sqlite3 streams-backup.db "PRAGMA integrity_check"': product,
  "cp streams-backup.db data/streams.db": product,
};

/** As `npm pack` calls it. */
function tarball(): string {
  const { name, version } = JSON.parse(readText("package.json")) as { name: string; version: string };
  return `${name.replace("@", "").replace("/", "-")}-${version}.tgz`;
}

const PROGRAM =
  /^(npm|npx|node|docker|curl|git|sqlite3|mosquitto_\w+|systemctl|journalctl|tar|cp|promtool|ffmpeg) \S/;

/** The commands of blocks of the shell, of code in sentences, and of comments in the examples. In their order. */
export function commandsOfDocuments(): Command[] {
  const inBlocks = DOCUMENTS.flatMap(({ blocks }) =>
    blocks
      .filter(({ language }) => language === "sh")
      .flatMap(({ place, text }) =>
        text
          .replaceAll(/ *\\\n\s*/g, " ")
          .trim()
          .split("\n")
          .map((line) => ({ place, text: line })),
      ),
  );
  const inSentences = DOCUMENTS.flatMap(({ spans }) => spans.filter(({ text }) => PROGRAM.test(text)));
  const inComments = COMMENTED.flatMap((place) =>
    [...readText(place).matchAll(/^ *#.*$/gm)].flatMap(([comment]) =>
      [...comment.matchAll(/`([^`]+)`/g)]
        .map(([, text = ""]) => ({ place, text }))
        .filter(({ text }) => PROGRAM.test(text)),
    ),
  );
  return [...inBlocks, ...inSentences, ...inComments];
}
