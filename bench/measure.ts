import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { BareHttpRequest } from "./bare-http";
import { BenchChild } from "./child";
import type { DashboardFigures, DashboardRequest } from "./dashboard";
import type { FarmAddress, FarmUsage } from "./farm";
import type { FloorRequest, FloorResult } from "./floor";
import type { LoadRequest, LoadResult } from "./load";
import type { MediaCheckFigures } from "./media-check";
import type { BrokerUsage, FullPublish } from "./mqtt-broker";
import type { StoreFigures, StoreRequest } from "./store";
import { BenchedProduct, HEARTBEAT_SECONDS, PASSWORD } from "./product";

export interface BenchPlan {
  /** How many streams to measure with, ascending. */
  sizes: number[];
  /** Of each window. */
  seconds: number;
  /**
   * Between the last stream's coming up and the window: at least a heartbeat, in which the first checks pass into the
   * regular ones; and /healthz looks back up to two minutes, from which the start should be gone.
   */
  settleSeconds: number;
  /** Of each load on the status API. */
  loadSeconds: number;
  /** Rows of the v2.2 database to import. */
  importRows: number;
}

export interface FloorFigures {
  /** CPU of one check. */
  microsPerCheck: number;
  checksPerSecond: number;
}

export interface SizeFigures {
  streams: number;
  checksPerSecond: number;
  /** CPU of one check, all of the product's processes and threads, the idle Node-RED among it. */
  microsPerCheck: number;
  floor: FloorFigures;
  latenessP99Ms: number;
  loopDelayP99Ms: number;
  residentMb: number;
  /** Of one core. */
  productShare: number;
  farmShare: number;
}

export interface StatusFigures {
  streams: number;
  bytes: number;
  requestsPerSecond: number;
  bareRequestsPerSecond: number;
}

/** The largest size once more, each stream with a topic of its own. */
export interface MqttFigures {
  streams: number;
  fullPublishSeconds: number;
  messagesPerSecond: number;
  /** Of one core: what the product uses with MQTT, and without. */
  productShare: number;
  productShareWithout: number;
  loopDelayP99Ms: number;
  residentMb: number;
}

export interface BenchFigures {
  /** Of one core, Node-RED with the product's flow and no streams. */
  idleShare: number;
  unpaced: FloorFigures;
  farmShareUnpaced: number;
  sizes: SizeFigures[];
  status?: StatusFigures;
  /** With the largest size; undefined where there is no browser. */
  dashboard?: DashboardFigures;
  /** The largest size once more, each picture looked at once a minute. */
  pictures?: Omit<SizeFigures, "floor">;
  mqtt?: MqttFigures;
  mediaCheck?: MediaCheckFigures;
  store?: StoreFigures;
  /** What makes a figure worthless, one sentence each. */
  faults: string[];
}

const STREAMS_PER_HOST = 40;
const STATUS_STREAMS = 1000;
const LOAD_CONNECTIONS = 16;
/** The product counts its checks anew once a second, so that a window may miss a second at either end. */
const UNCOUNTED_SECONDS = 2;
/** A farm that is busier than this may be what a figure shows. */
const MOST_FARM_SHARE = 0.5;

/** Runs the plan, one measurement after another, because they share the machine's cores. */
export class Bench {
  private readonly faults: string[] = [];

  constructor(
    private readonly plan: BenchPlan,
    private readonly farm: BenchChild,
    private readonly say: (text: string) => void,
    private readonly signal: AbortSignal,
  ) {}

  async run(): Promise<BenchFigures> {
    const { sizes } = this.plan;
    const streams = Math.max(...sizes);
    const address = await this.farm.call<FarmAddress>("start", { streams, streamsPerHost: STREAMS_PER_HOST });
    this.say("floor, as fast as it goes");
    const { floor: unpaced, farmShare } = await this.floor(address.urls);
    this.say("the product without streams");
    const idleShare = await this.idle();
    const figures: BenchFigures = {
      idleShare,
      unpaced,
      farmShareUnpaced: farmShare,
      mediaCheck: await this.mediaCheck(),
      sizes: [],
      faults: this.faults,
    };
    for (const size of sizes) {
      const urls = address.urls.slice(0, size);
      this.say(`${size} streams: floor at the same rate`);
      const { floor } = await this.floor(urls, size / HEARTBEAT_SECONDS);
      this.say(`${size} streams: the product`);
      const product = new BenchedProduct(urls, address.manyHosts ? undefined : 256);
      try {
        figures.sizes.push({ ...(await this.watch(product, size)), floor });
        if (size === STATUS_STREAMS) figures.status = await this.status(product);
        if (size === streams) figures.dashboard = await this.dashboard(product);
      } finally {
        await product.stop();
      }
    }
    this.say(`${streams} streams: the product, each picture looked at once a minute`);
    const product = new BenchedProduct(address.urls, address.manyHosts ? undefined : 256, true);
    try {
      figures.pictures = await this.watch(product, streams);
    } finally {
      await product.stop();
    }
    const without = figures.sizes.find((size) => size.streams === streams)?.productShare ?? 0;
    figures.mqtt = await this.mqtt(address, without);
    this.say("the store");
    figures.store = await this.store();
    return figures;
  }

  private async mqtt({ urls, manyHosts }: FarmAddress, productShareWithout: number): Promise<MqttFigures> {
    const streams = urls.length;
    this.say(`${streams} streams: the product, each published over MQTT`);
    const broker = BenchChild.start("mqtt-broker");
    const { port } = await broker.call<{ port: number }>("start");
    const product = new BenchedProduct(urls, manyHosts ? undefined : 256, false, port);
    try {
      const before = { at: 0, messages: 0 };
      const watched = await this.watch(product, streams, async () => {
        const { messages } = await broker.call<BrokerUsage>("usage");
        Object.assign(before, { at: performance.now(), messages });
      });
      const { messages } = await broker.call<BrokerUsage>("usage");
      const messagesPerSecond = ((messages - before.messages) * 1000) / (performance.now() - before.at);
      const full = await this.abortable(broker.call<FullPublish>("fullPublish", streams));
      if (full.states < streams) this.faults.push(`Only ${full.states} of ${streams} states were published.`);
      const { productShare, loopDelayP99Ms, residentMb } = watched;
      return {
        ...{ streams, fullPublishSeconds: full.seconds, messagesPerSecond },
        ...{ productShare, productShareWithout, loopDelayP99Ms, residentMb },
      };
    } finally {
      await product.stop();
      await broker.stop();
    }
  }

  private async mediaCheck(): Promise<MediaCheckFigures> {
    this.say("a media check against ffprobe on the same stream");
    const [camera, checker] = [BenchChild.start("camera"), BenchChild.start("media-check")];
    try {
      const { url } = await camera.call<{ url: string }>("start");
      return await this.abortable(checker.call<MediaCheckFigures>("run", url));
    } finally {
      await Promise.all([camera.stop(), checker.stop()]);
    }
  }

  private async store(): Promise<StoreFigures> {
    const child = BenchChild.start("store");
    try {
      const request: StoreRequest = { importRows: this.plan.importRows };
      return await this.abortable(child.call<StoreFigures>("run", request));
    } finally {
      await child.stop();
    }
  }

  private async floor(urls: string[], checksPerSecond?: number) {
    const child = BenchChild.start("floor");
    try {
      const before = await this.farm.call<FarmUsage>("usage");
      const request: FloorRequest = { urls, seconds: this.plan.seconds / 2, checksPerSecond };
      const result = await this.abortable(child.call<FloorResult>("run", request));
      const after = await this.farm.call<FarmUsage>("usage");
      if (result.failed > 0) this.faults.push(`${result.failed} checks of the floor got no description.`);
      const floor: FloorFigures = {
        microsPerCheck: (result.cpuSeconds / result.checks) * 1e6,
        checksPerSecond: result.checks / result.seconds,
      };
      return { floor, farmShare: (after.cpuSeconds - before.cpuSeconds) / result.seconds };
    } finally {
      await child.stop();
    }
  }

  private async idle(): Promise<number> {
    const product = new BenchedProduct([]);
    try {
      await this.abortable(product.start());
      await this.sleep(this.plan.settleSeconds / 2);
      const before = await product.snapshot();
      await this.sleep(this.plan.seconds / 2);
      const after = await product.snapshot();
      return (after.cpuSeconds - before.cpuSeconds) / (after.atSeconds - before.atSeconds);
    } finally {
      await product.stop();
    }
  }

  /** @param onBegin called when the window begins */
  private async watch(
    product: BenchedProduct,
    size: number,
    onBegin?: () => Promise<void>,
  ): Promise<Omit<SizeFigures, "floor">> {
    await this.abortable(product.start());
    await this.abortable(product.untilAllUp());
    await this.sleep(this.plan.settleSeconds);
    await onBegin?.();
    const farmBefore = await this.farm.call<FarmUsage>("usage");
    const before = await product.snapshot();
    await this.sleep(this.plan.seconds);
    const after = await product.snapshot();
    const farmAfter = await this.farm.call<FarmUsage>("usage");

    const seconds = after.atSeconds - before.atSeconds;
    const checks = after.checks - before.checks;
    const expected = (size / HEARTBEAT_SECONDS) * seconds;
    const least = (size / HEARTBEAT_SECONDS) * (seconds - UNCOUNTED_SECONDS);
    const farmShare = (farmAfter.cpuSeconds - farmBefore.cpuSeconds) / seconds;
    const fault = (text: string) => this.faults.push(`${size} streams: ${text}`);
    if (after.up !== size) fault(`only ${after.up} were up at the end of the window.`);
    if (after.skipped > before.skipped) fault(`${after.skipped - before.skipped} checks were left out.`);
    if (checks < least) fault(`${checks} checks were made instead of ${expected.toFixed(0)}.`);
    if (farmShare > MOST_FARM_SHARE) fault(`the farm used ${Math.round(farmShare * 100)} % of a core.`);
    const cpuSeconds = after.cpuSeconds - before.cpuSeconds;
    return {
      streams: size,
      checksPerSecond: checks / seconds,
      microsPerCheck: (cpuSeconds / checks) * 1e6,
      latenessP99Ms: after.latenessP99Ms,
      loopDelayP99Ms: after.loopDelayP99Ms,
      residentMb: after.residentMb,
      productShare: cpuSeconds / seconds,
      farmShare,
    };
  }

  /** Both servers in turn, under the same load and while the product goes on watching its streams. */
  private async status(product: BenchedProduct): Promise<StatusFigures> {
    this.say(`/api/status with ${STATUS_STREAMS} streams, against a bare server`);
    const url = `${product.apiUrl}api/status`;
    const response = await fetch(url);
    const body = await response.text();
    const bare = BenchChild.start("bare-http");
    try {
      const request: BareHttpRequest = { body, contentType: response.headers.get("content-type") ?? "" };
      const { url: bareUrl } = await bare.call<{ url: string }>("start", request);
      const bareRequestsPerSecond = await this.load(bareUrl);
      const requestsPerSecond = await this.load(url);
      const bytes = Buffer.byteLength(body);
      return { streams: STATUS_STREAMS, bytes, requestsPerSecond, bareRequestsPerSecond };
    } finally {
      await bare.stop();
    }
  }

  private async dashboard({ guiUrl }: BenchedProduct): Promise<DashboardFigures | undefined> {
    this.say("the dashboard's pages in a browser");
    const child = BenchChild.start("dashboard");
    try {
      const request: DashboardRequest = { guiUrl, password: PASSWORD };
      return await this.abortable(child.call<DashboardFigures | undefined>("run", request));
    } finally {
      await child.stop();
    }
  }

  private async load(url: string): Promise<number> {
    const child = BenchChild.start("load");
    try {
      const request: LoadRequest = { url, seconds: 2, connections: LOAD_CONNECTIONS };
      await child.call("run", request);
      const measured = { ...request, seconds: this.plan.loadSeconds };
      const result = await this.abortable(child.call<LoadResult>("run", measured));
      if (result.failed > 0) this.faults.push(`${result.failed} requests to ${url} failed.`);
      return result.requests / result.seconds;
    } finally {
      await child.stop();
    }
  }

  private sleep(seconds: number): Promise<void> {
    return sleep(seconds * 1000, undefined, { signal: this.signal });
  }

  private async abortable<Result>(work: Promise<Result>): Promise<Result> {
    const settled = new AbortController();
    const aborted = once(this.signal, "abort", { signal: settled.signal }).then(() => {
      throw new Error("stopped");
    });
    try {
      return await Promise.race([work, aborted]);
    } finally {
      settled.abort();
    }
  }
}
