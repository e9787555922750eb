// node screenshots.mjs FOLDER [REPORT.html]: pictures of the live page, and of a report where one is given. Ten devices are a run of dcc emulate;
// a thousand are scripted (tests/Dcc.Benchmarks, page-feed), so that a laptop can show them at ten rounds a second.

import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { launch } from "./browser.mjs";
import { endAll, freePort, Program } from "./processes.mjs";

const folder = process.argv[2], report = process.argv[3];
const feedProgram = process.env.DCC_FEED ?? new URL("../Dcc.Benchmarks/bin/Release/net10.0/Dcc.Benchmarks", import.meta.url).pathname;
const views = { light: { colorScheme: "light" }, dark: { colorScheme: "dark" }, phone: { colorScheme: "light", viewport: { width: 390, height: 844 } } };

const context = await launch({ viewport: { width: 1280, height: 1000 } });
const page = context.pages()[0];
page.setDefaultTimeout(300_000);

async function shoot(name, view, options = {}) {
  await page.locator("#connection.live").or(page.locator("body:not(:has(#connection))")).waitFor();
  await page.emulateMedia({ colorScheme: views[view].colorScheme });
  await page.setViewportSize(views[view].viewport ?? { width: 1280, height: 1000 });
  await page.waitForTimeout(1500);
  await page.evaluate(() => scrollTo(0, 0));
  await page.screenshot({ path: `${folder}/${name}-${view}.png`, ...options });
}

// At least that round, and in good order: a page that is looked at should show the usual.
const reach = round => page.waitForFunction(least => {
  const text = id => document.getElementById(id).innerText.replaceAll(",", "");
  return parseInt(text("round")) >= least && text("left") !== "" && new Set(text("devices-now").match(/\d+/g)).size === 1;
}, round);

// All that can break breaks early, so that the pictures are of a run that has come back from it.
const harbour = `
name: harbour
description: cranes on wifi, one on a satellite, and a bad start
run: {devices: 10, rounds: 70}
links:
  default: wifi
  overrides:
    - {devices: 0, link: geo-satellite}
timeline:
  - {at: {round: 5}, link: partition, devices: odd, for: 1 s}
  - {at: {point: report-sent, device: 3, round: 9}, agent: kill, devices: 3, restartAfter: 500 ms}
  - {at: {round: 14}, coordinator: kill, restartAfter: 500 ms}
  - {at: {round: 20}, link: reset, devices: 7}
`;

async function tenDevices() {
  const port = await freePort();
  const scenario = `${folder}/harbour.yaml`;
  writeFileSync(scenario, harbour);
  const emulate = new Program("dcc", "emulate", scenario, "--steps", "30000", "--http", `http://127.0.0.1:${port}`, "--output", `${folder}/run`);
  await emulate.says("% round");
  await page.goto(`http://127.0.0.1:${port}/`);
  await reach(30);
  await page.locator("#devices tr").nth(2).focus();
  for (const view of ["light", "dark", "phone"]) {
    await reach(30);
    await shoot("page-10", view, { fullPage: view !== "phone" });
  }

  await emulate.end("SIGTERM");
}

async function thousandDevices() {
  const port = await freePort();
  const feed = spawn(feedProgram, ["page-feed", `http://127.0.0.1:${port}`, "1000", "2000", "10"], { stdio: ["pipe", "ignore", "inherit"] });
  await new Promise(done => setTimeout(done, 5000));
  await page.goto(`http://127.0.0.1:${port}/`);
  await reach(400);
  for (const view of ["light", "dark"]) await shoot("page-1000", view);
  feed.kill("SIGKILL");
}

try {
  await tenDevices();
  await thousandDevices();
  if (report) {
    await page.goto(pathToFileURL(resolve(report)).href);
    for (const view of ["light", "dark"]) await shoot("report", view);
  }
} finally {
  await endAll();
  await context.close();
}
