import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { LOOPBACK, unusedPort } from "../../demo/cameras";
import { ReadyProcess } from "./ready-process";

export interface MosquittoOptions {
  /** An empty folder for its files. */
  folder: string;
  /** Who may connect; nobody else then. */
  user?: { name: string; password: string };
  /** Listeners with TLS, with a certificate made by `makeCertificates`. */
  certificates?: Certificates;
  /** TLS clients must show a certificate of the same authority. */
  clientCertificates?: boolean;
  /** More lines of its configuration, for all listeners. */
  settings?: string[];
}

export interface Certificates {
  ca: string;
  cert: string;
  key: string;
  clientCert: string;
  clientKey: string;
}

/** Debian's broker with its defaults, and v2.2's four ways to connect. Needs "mosquitto". */
export class Mosquitto {
  private process?: ReadyProcess;
  readonly ports = { port: 0, ws_port: 0, tls_port: 0, tls_ws_port: 0 };

  constructor(private readonly options: MosquittoOptions) {}

  /** A second start takes the same ports. */
  async start(): Promise<void> {
    const { folder } = this.options;
    const file = path.join(folder, "mosquitto.conf");
    writeFileSync(file, await this.config());
    this.process = new ReadyProcess({ file: "mosquitto", args: ["-c", file], ready: /version \S+ running/ });
    await this.process.start();
  }

  async kill(): Promise<void> {
    await this.process?.kill("SIGKILL");
    this.process = undefined;
  }

  async stop(): Promise<void> {
    await this.process?.stop();
    this.process = undefined;
  }

  private async config(): Promise<string> {
    const { folder, user, certificates, clientCertificates, settings = [] } = this.options;
    // as root it would become a user who may not read the test's folder
    const lines = ["user root", "persistence false", ...settings];
    if (user) {
      const passwords = path.join(folder, "passwords");
      execFileSync("mosquitto_passwd", ["-c", "-b", passwords, user.name, user.password], {
        stdio: "ignore",
      });
      lines.push(`password_file ${passwords}`, "allow_anonymous false");
    } else lines.push("allow_anonymous true");
    for (const name of ["port", "ws_port", "tls_port", "tls_ws_port"] as const) {
      if (name.startsWith("tls") && !certificates) continue;
      this.ports[name] ||= await unusedPort();
      lines.push(`listener ${this.ports[name]} ${LOOPBACK}`);
      if (name.endsWith("ws_port")) lines.push("protocol websockets");
      if (!name.startsWith("tls") || !certificates) continue;
      const { ca, cert, key } = certificates;
      lines.push(`cafile ${ca}`, `certfile ${cert}`, `keyfile ${key}`);
      if (clientCertificates) lines.push("require_certificate true");
    }
    return `${lines.join("\n")}\n`;
  }
}

/** An authority of its own, and what it has signed for 127.0.0.1 and for a client. Needs "openssl". */
export function makeCertificates(folder: string): Certificates {
  const at = (name: string) => path.join(folder, name);
  const openssl = (...args: string[]) => execFileSync("openssl", args, { stdio: "ignore" });
  const newKey = (name: string) => [
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-keyout",
    at(name),
  ];
  openssl("req", "-x509", ...newKey("ca.key"), "-out", at("ca.pem"), "-days", "2", "-subj", "/CN=Test CA");
  for (const name of ["server", "client"]) {
    const extensions = at(`${name}.ext`);
    writeFileSync(extensions, `subjectAltName=IP:${LOOPBACK}\n`);
    openssl("req", ...newKey(`${name}.key`), "-out", at(`${name}.csr`), "-subj", `/CN=${name}`);
    const ca = ["-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-CAcreateserial"];
    openssl(
      "x509",
      "-req",
      "-in",
      at(`${name}.csr`),
      ...ca,
      "-days",
      "2",
      "-extfile",
      extensions,
      "-out",
      at(`${name}.pem`),
    );
  }
  return {
    ...{ ca: at("ca.pem"), cert: at("server.pem"), key: at("server.key") },
    ...{ clientCert: at("client.pem"), clientKey: at("client.key") },
  };
}
