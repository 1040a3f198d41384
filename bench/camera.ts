import { RtspCamera } from "../demo/cameras";
import { answerCalls } from "./child";

/** One camera that sends real pictures, in a process of its own. */
const camera = new RtspCamera({ streams: [{ path: "/live", fps: 10 }] });

answerCalls({
  start: async () => {
    await camera.start();
    return { url: camera.url("/live") };
  },
});
