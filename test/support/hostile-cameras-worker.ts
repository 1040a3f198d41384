import { parentPort } from "node:worker_threads";
import { HOSTILE_CAMERAS } from "../fakes/hostile-http-cameras";
import { ScriptedCamera } from "./scripted-camera";

/** All hostile cameras in a thread of their own, so that what they hold is not counted as the probes'. */
async function run(): Promise<void> {
  const cameras = await Promise.all(HOSTILE_CAMERAS.map(({ script }) => ScriptedCamera.start(script)));
  parentPort?.postMessage(cameras.map((camera) => camera.url("/video", "http://")));
  parentPort?.once("message", () => void Promise.all(cameras.map((camera) => camera.stop())));
}

void run();
