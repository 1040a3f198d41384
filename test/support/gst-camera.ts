import path from "node:path";
import { type Camera, type Credentials, LOOPBACK } from "../../demo/cameras";
import { SYSTEM_PYTHON } from "./needs";
import { ReadyProcess } from "./ready-process";

export interface GstCameraOptions {
  codec?: "h264" | "h265" | "mjpeg";
  /** `/live` by default. */
  path?: string;
  /** When set, the camera wants digest authentication. */
  credentials?: Credentials;
  /** File with certificate and key in PEM: rtsps then. */
  certificate?: string;
  /** 0: the system chooses, and the camera keeps that port over a stop. */
  port?: number;
}

/** A real RTSP camera: GStreamer's RTSP server with a live encoder. Needs "gst-rtsp-server". */
export class GstCamera implements Camera {
  private process?: ReadyProcess;
  private port: number;

  constructor(private readonly options: GstCameraOptions = {}) {
    this.port = options.port ?? 0;
  }

  async start(): Promise<{ url: string }> {
    const { codec = "h264", path: mount = "/live", credentials, certificate } = this.options;
    const args = [path.join(__dirname, "gst-camera.py"), "--codec", codec, "--path", mount];
    args.push("--port", String(this.port));
    if (certificate) args.push("--certificate", certificate);
    if (credentials) args.push("--user", credentials.username, "--password", credentials.password);
    this.process = new ReadyProcess({ file: SYSTEM_PYTHON, args, ready: /^ready (\d+)$/m });
    this.port = Number((await this.process.start())[1]);
    return { url: `${certificate ? "rtsps" : "rtsp"}://${LOOPBACK}:${this.port}${mount}` };
  }

  /** Stops it in its tracks: the system still takes connections for it. */
  freeze(): void {
    this.process?.signal("SIGSTOP");
  }

  thaw(): void {
    this.process?.signal("SIGCONT");
  }

  async stop(): Promise<void> {
    await this.process?.stop();
  }
}
