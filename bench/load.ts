import { Agent, get } from "node:http";
import { answerCalls } from "./child";
import { cpuSeconds } from "./cpu";

/** The load generator: asks for one URL over and over on connections that stay open, and reads each answer whole. */

export interface LoadRequest {
  url: string;
  seconds: number;
  connections: number;
}

export interface LoadResult {
  requests: number;
  failed: number;
  seconds: number;
  cpuSeconds: number;
}

function ask(url: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      response.resume();
      response.on("error", reject);
      response.on("end", () =>
        response.statusCode === 200 ? resolve() : reject(new Error(`HTTP ${response.statusCode}`)),
      );
    }).on("error", reject);
  });
}

async function run({ url, seconds, connections }: LoadRequest): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const result = { requests: 0, failed: 0 };
  const start = performance.now();
  const cpuBefore = cpuSeconds();
  const lane = async () => {
    while (performance.now() - start < seconds * 1000) {
      try {
        await ask(url, agent);
        result.requests++;
      } catch {
        result.failed++;
      }
    }
  };
  await Promise.all(Array.from({ length: connections }, lane));
  agent.destroy();
  return {
    ...result,
    seconds: (performance.now() - start) / 1000,
    cpuSeconds: cpuSeconds() - cpuBefore,
  };
}

answerCalls({ run });
