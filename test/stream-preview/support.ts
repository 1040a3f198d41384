import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer, get, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import type { SessionMessage } from "../../contracts";
import { JpegWalker } from "../../common/jpeg-walker";
import registerStreamPreview from "../../nodes/stream-preview/stream-preview";
import { FakeRed, type FakeNode } from "../support/fake-red";
import { until } from "../support/until";

type Message = Record<string, unknown>;

interface Settings {
  /** The environment in which the node looks for ffmpeg. */
  ffmpegPath?: string;
  /** What the editor's form says. */
  form?: Message;
  /** Node-RED's settings. */
  red?: Message;
}

/** The node between an `http in` and an `http response`, on a server of its own. */
export class PreviewNode {
  readonly node: FakeNode;
  private readonly server: Server;
  private base = "";

  private constructor({ ffmpegPath, form, red = { httpNodeAuth: {} } }: Settings) {
    const fakeRed = new FakeRed(red);
    registerStreamPreview(fakeRed.api);
    const before = process.env.FFMPEG_PATH;
    if (ffmpegPath !== undefined) process.env.FFMPEG_PATH = ffmpegPath;
    this.node = fakeRed.create("stream-preview", form);
    if (before === undefined) delete process.env.FFMPEG_PATH;
    else process.env.FFMPEG_PATH = before;
    this.server = createServer((request, response) => {
      const url = new URL(request.url ?? "/", "http://test");
      const [, name = ""] =
        /^\/(?:preview\/(.*)|snapshot\/(.*)\.jpg)$/.exec(url.pathname)?.filter(Boolean) ?? [];
      const { method, headers } = request;
      const req = { method, headers, path: url.pathname, params: { name: decodeURIComponent(name) } };
      const message: Message = {
        req: { ...req, query: Object.fromEntries(url.searchParams) },
        res: { _res: response },
        _msgid: "1",
      };
      void this.node.receive(message).then(() => {
        const isAnswered = this.answers.includes(message);
        if (!isAnswered) return;
        response.writeHead(message.statusCode as number, message.headers as Record<string, string>);
        response.end(message.payload);
      });
    });
  }

  static async start(test: TestContext, settings: Settings = {}): Promise<PreviewNode> {
    const preview = new PreviewNode(settings);
    await new Promise<void>((resolve) => preview.server.listen(0, "127.0.0.1", resolve));
    preview.base = `http://127.0.0.1:${(preview.server.address() as AddressInfo).port}`;
    test.after(() => preview.stop());
    return preview;
  }

  /** What went out of the first output. */
  get answers(): Message[] {
    return this.out(0);
  }

  /** "+name" and "-name" in the order in which the probe was told. */
  get sessions(): string[] {
    return (this.out(1) as unknown as SessionMessage[]).map(
      ({ payload }) => `${payload.open ? "+" : "-"}${payload.stream}`,
    );
  }

  get images(): Message[] {
    return this.out(2);
  }

  url(path: string): string {
    return this.base + path;
  }

  setStreams(streams: Record<string, string | Message>, settings: Message = {}): Promise<void> {
    const payload = Object.entries(streams).map(([name, stream]) =>
      typeof stream === "string" ? { name, url: stream } : { name, ...stream },
    );
    return this.node.receive({ topic: "streams", payload, settings });
  }

  async stop(): Promise<void> {
    await this.node.close();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private out(output: number): Message[] {
    return (this.node.sent as (Message | null)[][])
      .map((outputs) => outputs[output])
      .filter((m): m is Message => m != null);
  }
}

/** An error as it is answered: "503 busy: …" */
export async function refusal(url: string): Promise<string> {
  const response = await fetch(url);
  const { error } = (await response.json()) as { error: { code: string; message: string } };
  return `${response.status} ${error.code}: ${error.message}`;
}

/** Somebody who looks at live pictures, and takes each part apart by its length. */
export class LiveViewer {
  readonly pictures: Buffer[] = [];
  head?: IncomingMessage;
  over = false;
  private bytes = Buffer.alloc(0);
  private request;

  constructor(url: string, reads = true, headers: Record<string, string> = {}) {
    this.request = get(url, { agent: false, headers }, (response) => {
      this.head = response;
      response.on("error", () => {});
      response.once("close", () => (this.over = true));
      if (reads) response.on("data", (data: Buffer) => this.take(data));
    });
    this.request.on("error", () => (this.over = true));
  }

  /** Waits until so many pictures have come. */
  async see(count: number): Promise<Buffer[]> {
    await until(() => this.pictures.length >= count || this.over);
    assert.ok(this.pictures.length >= count, `it ended after ${this.pictures.length} pictures`);
    return this.pictures;
  }

  leave(): void {
    this.request.destroy();
  }

  private take(data: Buffer): void {
    this.bytes = Buffer.concat([this.bytes, data]);
    for (;;) {
      const end = this.bytes.indexOf("\r\n\r\n");
      if (end < 0) return;
      const head = this.bytes.toString("latin1", 0, end);
      const length = Number(/^Content-Length: (\d+)$/m.exec(head)?.[1]);
      assert.match(head, /^(?:\r\n)?--streampulse\r\nContent-Type: image\/jpeg\r\nContent-Length: \d+$/);
      if (this.bytes.length < end + 4 + length) return;
      this.pictures.push(this.bytes.subarray(end + 4, end + 4 + length));
      this.bytes = this.bytes.subarray(end + 4 + length);
    }
  }
}

/** "320x240" */
export function sizeOf(jpeg: Buffer): string {
  const walker = new JpegWalker();
  walker.add(jpeg);
  return walker.facts ? `${walker.facts.width}x${walker.facts.height}` : "no picture";
}

/** The average difference between the pixels of two pictures, 0 to 255, as ffmpeg decodes them. */
export function difference(one: Buffer, other: Buffer): number {
  const [a, b] = [pixels(one), pixels(other)];
  return a.reduce((sum, value, i) => sum + Math.abs(value - (b[i] ?? 0)), 0) / a.length;
}

function pixels(jpeg: Buffer): Buffer {
  const input = "-f image2pipe -c:v mjpeg -i pipe:0".split(" ");
  const output = "-vf scale=64:48:flags=area,format=gray -f rawvideo pipe:1".split(" ");
  return execFileSync("ffmpeg", ["-v", "error", ...input, ...output], { input: jpeg });
}

/** The processes whose command line holds this text, with their command lines. Linux. */
export function processesWith(text: string): { pid: number; commandLine: string }[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((name) => ({ pid: Number(name), commandLine: commandLineOf(name) }))
    .filter(({ commandLine }) => commandLine.includes(text));
}

function commandLineOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ");
  } catch {
    return "";
  }
}

/** The ffmpeg processes that this process has started, or the one with this number. */
export function ownFfmpegs(parent = process.pid): number[] {
  return processesWith("ffmpeg")
    .map(({ pid }) => pid)
    .filter((pid) => isChild(pid, parent));
}

function isChild(pid: number, parent: number): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "latin1");
    return new RegExp(`^PPid:\\s*${parent}$`, "m").test(status) && !/^State:\s*Z/m.test(status);
  } catch {
    return false;
  }
}

export const isAlive = (pid: number) => existsSync(`/proc/${pid}`);
