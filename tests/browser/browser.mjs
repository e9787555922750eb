// Chromium from the system, headless; with every complaint of a page collected.

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

// Without these it looks up hosts of its maker, which a closed network refuses.
const quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

export const launch = (options = {}, more = []) => chromium.launchPersistentContext(mkdtempSync(join(tmpdir(), "dcc-browser-")), {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", headless: true, args: [...quiet, ...more], viewport: { width: 1280, height: 900 }, ...options,
});

/** Collects what goes wrong in a page: errors, warnings of the console, failed requests. */
export function complaints(page) {
  const list = [];
  page.on("console", message => { if (["error", "warning"].includes(message.type())) list.push(`${message.type()}: ${message.text()}`); });
  page.on("pageerror", error => list.push(`exception: ${error.message}`));
  page.on("requestfailed", request => {
    // Streams end with their server, and whoever leaves a page aborts what it still asked for.
    const error = request.failure()?.errorText;
    if (!request.url().endsWith("/events") && error !== "net::ERR_ABORTED") list.push(`failed: ${request.url()} ${error}`);
  });
  page.on("response", response => { if (response.status() >= 400) list.push(`${response.status()}: ${response.url()}`); });
  return list;
}
