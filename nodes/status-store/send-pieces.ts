import type { ServerResponse } from "node:http";
import type { LongAnswer } from "./answer-lookup";

/** A reader that takes nothing for so long is gone, though its connection may look alive. */
const STALL_MS = 60_000;

/**
 * Writes a long answer to a response as fast as it is taken, with one piece in memory and one in the making.
 * @throws Refusal, before anything was written; later faults end the connection, so that nobody takes half for whole
 */
export async function sendPieces(response: ServerResponse, { headers, pieces }: LongAnswer): Promise<void> {
  const first = await pieces.next();
  response.writeHead(200, headers);
  response.flushHeaders();
  if (response.req?.method === "HEAD") {
    await pieces.return();
    response.end();
    return;
  }
  try {
    for (let piece = first; !piece.done; piece = await pieces.next()) {
      if (piece.value.length > 0 && !response.write(piece.value)) await drained(response);
      if (response.destroyed) break;
    }
    response.end();
  } catch {
    response.destroy();
  } finally {
    await pieces.return();
  }
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => response.destroy(), STALL_MS);
    const go = () => {
      clearTimeout(timer);
      response.off("drain", go).off("close", go);
      resolve();
    };
    response.on("drain", go).on("close", go);
    if (response.destroyed) go();
  });
}
