import {
  type Camera,
  type Credentials,
  DeadCamera,
  FlappingCamera,
  MjpegCamera,
  RtspCamera,
  unusedPort,
  withCredentials,
} from "./cameras";

export interface DemoStream {
  name: string;
  url: string;
  group: string;
}

const MINUTE_MS = 60_000;

/** The cameras of a home in which not all is well. */
export class DemoCameras {
  private readonly cameras: Camera[] = [];

  async start(): Promise<DemoStream[]> {
    const garage: Credentials = { username: "viewer", password: "open-sesame" };
    const house = this.add(
      new RtspCamera({
        streams: [
          { path: "/front-door", audio: true },
          { path: "/garage", digest: garage },
        ],
      }),
    );
    // A port that nobody is given while the camera is down.
    const flapping = new RtspCamera({ streams: [{ path: "/live" }], port: await unusedPort() });
    const { url: frontDoor } = await house.start();
    const start = async (camera: Camera) => (await this.add(camera).start()).url;
    return [
      { name: "Front door", group: "Outside", url: frontDoor },
      { name: "Garage (digest)", group: "Outside", url: withCredentials(house.url("/garage"), garage) },
      { name: "Garden (wrong path)", group: "Outside", url: house.url("/garden") },
      { name: "Nursery (MJPEG)", group: "Inside", url: await start(new MjpegCamera()) },
      {
        name: "Driveway (flaps every minute)",
        group: "Outside",
        url: await start(new FlappingCamera(flapping, { upMs: MINUTE_MS, downMs: MINUTE_MS })),
      },
      { name: "Shed (dead)", group: "Outside", url: await start(new DeadCamera()) },
    ];
  }

  async stop(): Promise<void> {
    await Promise.all(this.cameras.map((camera) => camera.stop()));
  }

  private add<Kind extends Camera>(camera: Kind): Kind {
    this.cameras.push(camera);
    return camera;
  }
}
