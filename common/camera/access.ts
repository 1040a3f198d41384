import type { StreamUrl } from "../stream-url";

/** How a stream is reached. */
export interface StreamAccess {
  url: StreamUrl;
  transport: "tcp" | "udp";
  tlsVerify: boolean;
  /** Do not send the URL's credentials although the camera asks: they were refused a short while ago. */
  withholdCredentials: boolean;
}

/** What could not be done because of our own machine, such as no free file descriptor. It says nothing about the camera. */
export interface NotMade {
  notMade: string;
}
