import { createServer, type Socket } from "node:net";
import { listen, LOOPBACK, unusedPort } from "../demo/cameras";
import { describeSdp } from "../demo/cameras/rtp-stream";
import { answerCalls } from "./child";
import { cpuSeconds } from "./cpu";

/**
 * The camera farm: thousands of RTSP streams in a process of their own. They know DESCRIBE and, for a look at the
 * picture, SETUP, PLAY and TEARDOWN. Everything is made ready beforehand, so that not the farm is what a measurement
 * measures.
 */

export interface FarmRequest {
  streams: number;
  streamsPerHost: number;
}

export interface FarmAddress {
  urls: string[];
  /** False where the system has no loopback address but 127.0.0.1: then all streams are on one host. */
  manyHosts: boolean;
}

export interface FarmUsage {
  cpuSeconds: number;
  describes: number;
}

const CSEQ = Buffer.from("\r\nCSeq: ");
const HEAD_END = Buffer.from("\r\n\r\n");
/** Clients begin with a small CSeq: the answers to these stand ready. */
const READY_ANSWERS = 64;
const SDP = describeSdp({ fps: 10, audio: true }, LOOPBACK);
/** What each method is answered with, between the CSeq and the end. By the first letter, which tells them apart. */
const REST: Record<string, string | undefined> = {
  D: `Content-Type: application/sdp\r\nContent-Length: ${SDP.length}\r\n\r\n${SDP}`,
  S: "Session: farm\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n",
  P: "Session: farm\r\n\r\n",
  T: "Session: farm\r\n\r\n",
};

let describes = 0;
const pictures = Buffer.concat([0, 1, 2, 3].map((n) => interleaved(n)));
const answers = new Map(
  Object.keys(REST).map((letter) => [
    letter,
    Array.from({ length: READY_ANSWERS }, (_, cseq) => answerTo(letter, String(cseq))),
  ]),
);

function answerTo(letter: string, cseq: string): Buffer {
  const head = Buffer.from(`RTSP/1.0 200 OK\r\nCSeq: ${cseq}\r\n${REST[letter]}`);
  return letter === "P" ? Buffer.concat([head, pictures]) : head;
}

/** An RTP packet (RFC 3550 §5.1) with the beginning of an IDR picture: enough to see pictures arrive, ten a second. */
function interleaved(n: number): Buffer {
  const packet = Buffer.alloc(12 + 1000, 0x55);
  packet.writeUInt16BE(0x8060, 0);
  packet.writeUInt16BE(n, 2);
  packet.writeUInt32BE(n * 9000, 4);
  packet.writeUInt32BE(1, 8);
  packet[12] = 0x65;
  const header = Buffer.from([0x24, 0, 0, 0]);
  header.writeUInt16BE(packet.length, 2);
  return Buffer.concat([header, packet]);
}

/** A request is taken to come in one piece, as it does over loopback; a connection with anything else is closed. */
function serve(socket: Socket): void {
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk) => {
    const at = chunk.indexOf(CSEQ);
    const letter = String.fromCharCode(chunk[0] ?? 0);
    const ready = answers.get(letter);
    if (!ready || at < 0 || !chunk.subarray(-HEAD_END.length).equals(HEAD_END)) {
      socket.destroy();
      return;
    }
    const cseq = chunk.toString("latin1", at + CSEQ.length, chunk.indexOf("\r\n", at + CSEQ.length));
    if (letter === "D") describes++;
    socket.write(ready[Number(cseq)] ?? answerTo(letter, cseq));
  });
}

async function start({ streams, streamsPerHost }: FarmRequest): Promise<FarmAddress> {
  const hosts = Math.ceil(streams / streamsPerHost);
  const port = await unusedPort();
  const manyHosts = await canListen("127.1.0.1", port);
  const origins: string[] = [];
  for (let i = 1; i <= hosts; i++) {
    const host = manyHosts ? `127.1.${i >> 8}.${i & 255}` : LOOPBACK;
    const own = await listen(createServer(serve), manyHosts ? port : 0, host);
    origins.push(`rtsp://${host}:${own}`);
  }
  const urls = Array.from({ length: streams }, (_, i) => `${origins[i % hosts]}/stream/${i + 1}`);
  return { urls, manyHosts };
}

async function canListen(host: string, port: number): Promise<boolean> {
  const server = createServer();
  try {
    await listen(server, port, host);
    await new Promise((resolve) => server.close(resolve));
    return true;
  } catch {
    return false;
  }
}

answerCalls({ start, usage: (): FarmUsage => ({ cpuSeconds: cpuSeconds(), describes }) });
