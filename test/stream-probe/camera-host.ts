import { RtspCamera } from "../../demo/cameras";

/** A camera in a process of its own, for a test that puts it into another network: `camera-host.js ADDRESS PORT`. */
const [host = "127.0.0.1", port = "0"] = process.argv.slice(2);
const camera = new RtspCamera({ host, port: Number(port), streams: [{ path: "/live" }] });
process.stdin.on("end", () => process.exit(0)).resume();
void camera.start().then(({ url }) => console.log(`ready ${url}`));
