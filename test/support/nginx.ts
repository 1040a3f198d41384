import { writeFileSync } from "node:fs";
import path from "node:path";
import { LOOPBACK, unusedPort } from "../../demo/cameras";
import { ReadyProcess } from "./ready-process";
import { until } from "./until";

/** nginx as people put it in front of a packager: it serves the files of a folder. Needs "nginx". */
export class Nginx {
  private process?: ReadyProcess;

  constructor(private readonly folder: string) {}

  /** @returns the beginning of its URLs, without a slash at the end */
  async start(): Promise<string> {
    const port = await unusedPort();
    const own = path.join(this.folder, "nginx");
    const file = `${own}.conf`;
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
      (name) => `${name}_temp_path ${own}_${name};`,
    );
    const types = "types { application/vnd.apple.mpegurl m3u8; video/mp2t ts; }";
    const server = `server { listen ${LOOPBACK}:${port}; root ${this.folder}; access_log off; }`;
    writeFileSync(
      file,
      `daemon off; master_process off; pid ${own}.pid; error_log stderr notice;
       events {} http { ${types} ${temporary.join(" ")} ${server} }`,
    );
    this.process = new ReadyProcess({ file: "nginx", args: ["-e", "stderr", "-c", file], ready: /OS: / });
    await this.process.start();
    const url = `http://${LOOPBACK}:${port}`;
    await until(() =>
      fetch(url).then(
        () => true,
        () => false,
      ),
    );
    return url;
  }

  async stop(): Promise<void> {
    await this.process?.stop();
  }
}
