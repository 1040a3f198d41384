import { createServer } from "node:http";
import { listen, LOOPBACK } from "../demo/cameras";
import { answerCalls } from "./child";

/** The floor under the status API: a server that knows nothing but the bytes of one answer. */

export interface BareHttpRequest {
  body: string;
  contentType: string;
}

async function start({ body, contentType }: BareHttpRequest): Promise<{ url: string }> {
  const bytes = Buffer.from(body);
  const server = createServer((_request, response) => {
    response.writeHead(200, { "Content-Type": contentType, "Content-Length": bytes.length });
    response.end(bytes);
  });
  return { url: `http://${LOOPBACK}:${await listen(server, 0, LOOPBACK)}/` };
}

answerCalls({ start });
