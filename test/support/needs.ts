import { spawnSync } from "node:child_process";
import process from "node:process";

/** Debian's own Python: the first one on the PATH may be another one, without Debian's GObject bindings. */
export const SYSTEM_PYTHON = "/usr/bin/python3";

const GST_RTSP_SERVER = `
import gi
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gst, GstRtspServer
Gst.init(None)
assert Gst.ElementFactory.find("x264enc") and Gst.ElementFactory.find("rtph264pay")
`;

/** How each program shows that it is there, and Debian's packages that bring it. */
const PROGRAMS = {
  ffmpeg: { command: ["ffmpeg", "-version"], debian: "ffmpeg" },
  ffprobe: { command: ["ffprobe", "-version"], debian: "ffmpeg" },
  chromium: { command: ["chromium", "--version"], debian: "chromium" },
  nginx: { command: ["nginx", "-v"], debian: "nginx-light" },
  ustreamer: { command: ["ustreamer", "--version"], debian: "ustreamer" },
  promtool: { command: ["promtool", "--version"], debian: "prometheus" },
  prometheus: { command: ["prometheus", "--version"], debian: "prometheus" },
  "systemd-analyze": { command: ["systemd-analyze", "--version"], debian: "systemd" },
  // it ends with 3 after its help
  mosquitto: { command: ["mosquitto", "-h"], debian: "mosquitto", status: 3 },
  // it ends with 1 after its version
  mosquitto_sub: { command: ["mosquitto_sub", "--version"], debian: "mosquitto-clients", status: 1 },
  openssl: { command: ["openssl", "version"], debian: "openssl" },
  sqlite3: { command: ["sqlite3", "-version"], debian: "sqlite3" },
  "gst-rtsp-server": {
    command: [SYSTEM_PYTHON, "-c", GST_RTSP_SERVER],
    debian:
      "gir1.2-gst-rtsp-server-1.0 python3-gi glib-networking gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly",
  },
} as const;

export type Program = keyof typeof PROGRAMS;

/**
 * Options for a test that runs installed programs: it is skipped, with the reason, where one of them is missing.
 * @throws Error when one is missing although `CI=true` promises that all are there
 */
export function needs(...programs: Program[]): { skip: string | false } {
  const missing = programs.filter((program) => !isThere(program));
  if (missing.length === 0) return { skip: false };
  const packages = [...new Set(missing.map((program) => PROGRAMS[program].debian))].join(" ");
  return skipped(`needs ${missing.join(", ")} (Debian: ${packages})`);
}

/**
 * Options for a test that cannot run here: it is skipped.
 * @param reason "needs …"
 * @throws Error when `CI=true` promises that all that tests need is there
 */
export function skipped(reason: string): { skip: string } {
  if (process.env.CI === "true") throw new Error(`This test ${reason}, and CI=true allows no skipping.`);
  return { skip: reason };
}

function isThere(program: Program): boolean {
  const entry: { command: readonly string[]; status?: number } = PROGRAMS[program];
  const [file = "", ...args] = entry.command;
  return spawnSync(file, args, { stdio: "ignore", timeout: 30_000 }).status === (entry.status ?? 0);
}
