import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import path from "node:path";
import { LOOPBACK, unusedPort } from "../../demo/cameras";
import { ReadyProcess } from "./ready-process";
import { until } from "./until";

/**
 * nginx as people put it in front of a packager: it serves the files of a folder. With `servers` it does what those say
 * instead: what stands in `http {…}` for the given port of loopback. Needs "nginx".
 */
export class Nginx {
  private process?: ReadyProcess;

  constructor(
    private readonly folder: string,
    private readonly servers = (port: number) =>
      `server { listen ${LOOPBACK}:${port}; root ${folder}; access_log off; }`,
  ) {}

  /** @returns the beginning of its URLs, without a slash at the end */
  async start(scheme: "http" | "https" = "http"): Promise<string> {
    const port = await unusedPort();
    const own = path.join(this.folder, "nginx");
    const file = `${own}.conf`;
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
      (name) => `${name}_temp_path ${own}_${name};`,
    );
    const types = "types { application/vnd.apple.mpegurl m3u8; video/mp2t ts; }";
    writeFileSync(
      file,
      `daemon off; master_process off; pid ${own}.pid; error_log stderr notice;
       events {} http { ${types} ${temporary.join(" ")} ${this.servers(port)} }`,
    );
    this.process = new ReadyProcess({ file: "nginx", args: ["-e", "stderr", "-c", file], ready: /OS: / });
    await this.process.start();
    await until(() => isOpen(port));
    return `${scheme}://${LOOPBACK}:${port}`;
  }

  async stop(): Promise<void> {
    await this.process?.stop();
  }
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, LOOPBACK, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
