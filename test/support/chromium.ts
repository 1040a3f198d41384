import { chromium, type Browser } from "playwright-core";

/** Debian's chromium; it asks its maker for this and that unless it is told not to. */
export function launchChromium(): Promise<Browser> {
  const args = [
    ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
    ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
  ];
  return chromium.launch({ executablePath: CHROMIUM, args });
}

export const CHROMIUM = "/usr/bin/chromium";
