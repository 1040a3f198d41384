import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Clock } from "../../common/clock";
import type { Logger } from "../../common/logger";
import { PORT_VARIABLES } from "../paths";
import type { RuntimeSettings } from "../product-settings";
import { EditorPort } from "./editor-port";
import { EditorSockets } from "./editor-sockets";
import type { FlowFacts } from "./flow-headers";
import { Gateway, type NodeRedDoors } from "./gateway";
import { HealthCollector } from "./health";
import { LoopDelay } from "./loop-delay";
import { ProductPages } from "./own-pages";
import { listenerUrl, PublicListener } from "./public-listener";
import { Watchdog } from "./watchdog";

/** Where the product can be opened; without a listener whose port is taken. */
export interface Addresses {
  api?: string;
  gui?: string;
  editor?: string;
}

export interface ProductRuntimeOptions {
  settings: RuntimeSettings;
  doors: NodeRedDoors;
  /** Of the flows as they are now. */
  flows: () => FlowFacts;
  /** Node-RED's own server. */
  server: Server;
  logger: Logger;
  clock: Clock;
  /** Called once each listener is open or known not to open, and again when that changes. */
  onAddresses(addresses: Addresses): void;
}

/** All that the product adds to a running Node-RED: the two public listeners, the health of all, the sessions' clock, the watchdog. */
export class ProductRuntime {
  readonly health: HealthCollector;
  private readonly loopDelay: LoopDelay;
  private readonly watchdog: Watchdog;
  private readonly editorPort: EditorPort;
  private readonly editorSockets: EditorSockets;
  private readonly api: PublicListener;
  private readonly gui: PublicListener;
  /** Which of the listeners have had their first outcome. */
  private readonly settled = new Set<keyof Addresses>();
  private isOpen = false;
  private codeShown = false;

  constructor(private readonly options: ProductRuntimeOptions) {
    const { settings, clock, logger, doors, server, flows } = options;
    const { account, trustProxy, bind } = settings;
    this.loopDelay = new LoopDelay(clock);
    this.watchdog = new Watchdog(settings.watchdogSeconds, logger);
    this.health = new HealthCollector(settings.version, clock, this.loopDelay);
    const pages = new ProductPages({
      account,
      trustProxy,
      health: this.health,
      version: settings.version,
      flows,
      editorUrl: () => this.editorUrl() ?? "(its port is taken)",
    });
    const gateway = new Gateway({ account, pages, doors, logger, flows, clock });
    this.editorSockets = new EditorSockets(server, account);
    const shared = { host: bind, logger, clock };
    this.editorPort = new EditorPort(server, { ...shared, ...this.listener("editor") });
    this.api = new PublicListener({
      ...shared,
      ...this.listener("api"),
      name: "status API",
      onRequest: (request, response) => gateway.handle("api", request, response),
    });
    this.gui = new PublicListener({
      ...shared,
      ...this.listener("gui"),
      name: "dashboard",
      onRequest: (request, response) => gateway.handle("gui", request, response),
      onUpgrade: (request, socket, head) => gateway.upgrade(request, socket, head),
    });
  }

  /** Before the flows start, and before Node-RED opens its own port. */
  start(): void {
    this.options.settings.account.start();
    this.loopDelay.start();
    this.watchdog.start();
    this.editorPort.start();
    this.editorSockets.start();
  }

  /** Opens the public listeners; does nothing when they are open. */
  open(): void {
    if (this.isOpen) return;
    this.isOpen = true;
    this.watchdog.loaded();
    this.api.start();
    this.gui.start();
  }

  async stop(): Promise<void> {
    this.editorPort.stop();
    this.editorSockets.stop();
    this.loopDelay.stop();
    this.options.settings.account.stop();
    await Promise.all([this.watchdog.stop(), this.api.stop(), this.gui.stop()]);
  }

  private listener(name: keyof Addresses) {
    return {
      port: this.options.settings[`${name}Port`],
      variable: PORT_VARIABLES[name],
      onState: (problem: string | undefined) => this.onState(name, problem),
    };
  }

  private onState(name: keyof Addresses, problem: string | undefined): void {
    this.health.setListenerProblem(name, problem);
    this.settled.add(name);
    if (this.settled.size < 3) return;
    this.options.onAddresses({
      api: this.api.port === undefined ? undefined : this.api.url,
      gui: this.gui.port === undefined ? undefined : this.gui.url,
      editor: this.editorUrl(),
    });
    this.showCode();
  }

  private showCode(): void {
    const { account, guiUrl } = this.options.settings;
    if (this.codeShown || !account.setupNeeded || this.gui.port === undefined) return;
    this.codeShown = true;
    this.options.logger.warn(
      `No password is chosen yet: open ${guiUrl ?? this.gui.url}setup and enter the one-time code ${account.setupCode}`,
    );
  }

  private editorUrl(): string | undefined {
    const address = this.options.server.address() as AddressInfo | null;
    return address ? listenerUrl(this.options.settings.bind, address.port) : undefined;
  }
}
