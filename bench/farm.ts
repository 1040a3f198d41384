import { createServer, type Socket } from "node:net";
import { listen, LOOPBACK, unusedPort } from "../demo/cameras";
import { describeSdp } from "../demo/cameras/rtp-stream";
import { answerCalls } from "./child";
import { cpuSeconds } from "./cpu";

/**
 * The camera farm: thousands of RTSP streams that know nothing but DESCRIBE, in a process of their own. Everything is
 * made ready beforehand, so that not the farm is what a measurement measures.
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
const LETTER_D = 0x44;
/** Clients begin with a small CSeq: the answers to these stand ready. */
const READY_ANSWERS = 64;

let describes = 0;
const answers = Array.from({ length: READY_ANSWERS }, (_, cseq) => answerTo(String(cseq)));

function answerTo(cseq: string): Buffer {
  const sdp = describeSdp({ fps: 10, audio: true }, LOOPBACK);
  return Buffer.from(
    `RTSP/1.0 200 OK\r\nCSeq: ${cseq}\r\nContent-Type: application/sdp\r\nContent-Length: ${sdp.length}\r\n\r\n${sdp}`,
  );
}

/** A request is taken to come in one piece, as it does over loopback; a connection with anything else is closed. */
function serve(socket: Socket): void {
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk) => {
    const at = chunk.indexOf(CSEQ);
    if (chunk[0] !== LETTER_D || at < 0 || !chunk.subarray(-HEAD_END.length).equals(HEAD_END)) {
      socket.destroy();
      return;
    }
    const cseq = chunk.toString("latin1", at + CSEQ.length, chunk.indexOf("\r\n", at + CSEQ.length));
    describes++;
    socket.write(answers[Number(cseq)] ?? answerTo(cseq));
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
