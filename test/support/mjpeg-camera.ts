import { type Camera, LOOPBACK, unusedPort } from "../../demo/cameras";
import { ReadyProcess } from "./ready-process";

/**
 * A real MJPEG camera: µStreamer without a video device, which then streams its picture "NO SIGNAL", 640 × 480.
 * Needs "ustreamer".
 */
export class UstreamerCamera implements Camera {
  private process?: ReadyProcess;
  private port?: number;

  async start(): Promise<{ url: string }> {
    // It cannot choose a free port by itself.
    this.port ??= await unusedPort();
    this.process = new ReadyProcess({
      file: "ustreamer",
      args: ["--device=/dev/null", `--host=${LOOPBACK}`, `--port=${this.port}`],
      ready: /Starting HTTP eventloop/,
    });
    await this.process.start();
    return { url: `http://${LOOPBACK}:${this.port}/stream` };
  }

  async stop(): Promise<void> {
    await this.process?.stop();
  }
}
