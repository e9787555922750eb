// What the page must do, each told from the outside: real processes, a real browser, and what it shows.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { coordinator, freePort, Program } from "./processes.mjs";
import { prefixProxy } from "./prefix-proxy.mjs";

const text = (page, id) => page.locator(`#${id}`).innerText();
const until = (page, id, pattern) => page.waitForFunction(([element, source]) => new RegExp(source).test(document.getElementById(element).innerText), [id, pattern.source]);
const round = page => page.evaluate(() => Number(document.getElementById("round").firstChild.data.replaceAll(",", "")));
const roundIsPast = (page, past) => page.waitForFunction(least => Number(document.getElementById("round").firstChild?.data.replaceAll(",", "")) > least, past);
const digest = /[0-9a-f]{64}/;

/** A run of dcc emulate from before it exists to its end: rounds, faults, bytes, costs and the digest, and not one complaint. */
export async function liveRun(page, wrong) {
  writeFileSync("page.yaml", `
name: page
description: what the page is tested with
run: {devices: 4, rounds: 60, steps: 3000}
links: {default: wifi}
timeline:
  - {at: {round: 20}, link: partition, devices: 1, for: 200 ms}
  - {at: {round: 40}, agent: kill, devices: 2, restartAfter: 100 ms}
`);
  const emulate = new Program("dcc", "emulate", "page.yaml", "--output", "run");
  await emulate.says("page http://");
  const address = emulate.output.match(/page (http:\S+)/)[1];
  await reachable(address, emulate);
  await page.goto(address);
  await until(page, "connection", /^live$/);
  await roundIsPast(page, 2);
  const seen = await round(page);
  await roundIsPast(page, seen);
  await until(page, "events", /partition/);
  await until(page, "events", /killed[^]*agent-2/);
  await until(page, "events", /restarted[^]*agent-2/);
  assert.match(await page.locator("#heat canvas").getAttribute("aria-label"), /Heat map of theta of 4 devices, rounds 0 to \d+/);
  await until(page, "digest", digest);
  assert.equal(await text(page, "state"), "finished");
  assert.match(await text(page, "spoken"), /^finished: round 60 of 60/);
  assert.match(await text(page, "against-never"), /^[−+][\d.]+ %$/);
  assert.match(await text(page, "bytes"), /payload/);
  assert.match(await page.locator("#cost").getAttribute("aria-label"), /up to round 60: [\d.]+\. Never offloading: [\d.]+, best known: [\d.]+/);
  assert.equal(await emulate.exit, 0, emulate.output);
  const summary = JSON.parse(readFileSync("run/summary.json", "utf8"));
  assert.ok((await text(page, "digest")).includes(summary.digest));

  // The run is over: nobody asks any more, though there is nobody left to answer.
  await page.waitForTimeout(2500);
  assert.deepEqual(wrong, []);
}

/** A coordinator killed and started again: the page says so, comes back by itself, and sees the end. */
export async function coordinatorRestart(page, wrong) {
  const [listen, http] = [await freePort(), await freePort()];
  const args = ["--store", "journal.db", "--run", "hand", "--devices", "2", "--rounds", "60", "--steps", "300000"];
  const first = await coordinator(listen, http, ...args);
  new Program("Dcc.Agent", "--coordinator", `http://127.0.0.1:${listen}`, "--run", "hand", "--devices", "0-1");
  await page.goto(`http://127.0.0.1:${http}/?run=hand`);
  await roundIsPast(page, 3);
  assert.deepEqual(wrong, []);
  await first.end("SIGKILL");
  await until(page, "connection", /disconnected, retrying/);
  const seen = await round(page);
  assert.equal(await text(page, "state"), "running");
  await page.waitForTimeout(1500);
  wrong.length = 0;
  await coordinator(listen, http, ...args);
  await until(page, "connection", /^live$/);
  const missed = wrong.filter(complaint => !complaint.includes("ERR_CONNECTION_REFUSED"));
  await roundIsPast(page, seen);
  await until(page, "digest", digest);
  assert.deepEqual(missed, []);
  const status = await (await fetch(`http://127.0.0.1:${http}/api/runs/hand`)).json();
  assert.ok((await text(page, "digest")).includes(status.digest));
}

/** Runs of hostile names, behind a proxy's prefix: shown as text, reached by their links; and what does not exist. */
export async function hostileNames(page, wrong) {
  const names = ["<img src=x onerror=alert(1)>/\"100%\" ü?#&", ".."];
  const [listen, http] = [await freePort(), await freePort()];
  let server;
  for (const name of names) {
    await server?.end("SIGTERM");
    server = await coordinator(listen, http, "--store", "names.db", "--run", name, "--devices", "2");
  }

  const proxy = await prefixProxy("/deep/er/", `http://127.0.0.1:${http}`);
  for (const name of names) {
    await page.goto(proxy.address);
    await page.getByRole("link", { name, exact: true }).click();
    await until(page, "connection", /^live$/);
    assert.equal(await text(page, "title"), name);
    assert.ok((await page.title()).startsWith(name));
    await page.getByRole("link", { name: "All runs" }).first().click();
    await until(page, "runs", /onerror/);
  }

  assert.deepEqual(await page.locator("#runs a").allInnerTexts(), names.toSorted());
  assert.deepEqual(wrong, []);

  assert.equal((await page.goto(`${proxy.address}?run=no-such-run`)).status(), 404);
  await until(page, "notice-text", /expected a run of this coordinator, got 'no-such-run'/);
  assert.equal((await page.goto(`${proxy.address}no/such/path`)).status(), 404);
  assert.match(await page.locator("main").innerText(), /expected a page of this coordinator, got '\/no\/such\/path'/);
  await page.getByRole("link").click();
  await until(page, "runs", /onerror/);
  assert.equal(page.url(), proxy.address);
  proxy.close();
}

/** A thousand devices: the table is searched, sorted, paged and walked by keyboard; themes; a phone. */
export async function manyDevices(page, wrong) {
  const [listen, http] = [await freePort(), await freePort()];
  await coordinator(listen, http, "--store", "memory", "--run", "many", "--devices", "1000");
  await page.goto(`http://127.0.0.1:${http}/`);
  await until(page, "page", /page 1 of 40, 1,000 devices/);
  const firstCells = () => page.locator("#devices th").allInnerTexts();
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.innerText), "Skip to the content");
  await page.keyboard.press("Enter");

  await page.locator("#search").fill("123");
  await until(page, "page", /1 of 1,000 devices/);
  assert.deepEqual(await firstCells(), ["123"]);
  await page.locator("#search").fill("10-20");
  await until(page, "page", /11 of 1,000 devices/);
  await page.locator("#search").fill("connected");
  await until(page, "page", /no device found/);
  await page.locator("#search").fill("");
  await until(page, "page", /page 1 of 40, 1,000 devices/);

  await page.getByRole("button", { name: "Device" }).focus();
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector("#devices th").innerText === "999");
  assert.equal(await page.locator("#device-columns th").first().getAttribute("aria-sort"), "descending");
  await page.locator("#devices tr").first().focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  assert.equal(await page.evaluate(() => document.activeElement.querySelector("th").innerText), "997");
  await page.waitForFunction(() => document.querySelector("#devices tr.chosen th")?.innerText === "997");
  await page.keyboard.press("PageDown");
  await until(page, "page", /page 2 of 40/);

  const ground = () => page.evaluate(() => getComputedStyle(document.body.parentElement).backgroundColor);
  const themes = new Map();
  for (let turn = 0; turn < 3; turn++) {
    await page.locator("#theme").click();
    themes.set(await text(page, "theme"), await ground());
  }

  assert.deepEqual([...themes.keys()], ["Theme: light", "Theme: dark", "Theme: automatic"]);
  assert.notEqual(themes.get("Theme: light"), themes.get("Theme: dark"));
  await page.emulateMedia({ colorScheme: "dark" });
  await page.waitForFunction(dark => getComputedStyle(document.body.parentElement).backgroundColor === dark, themes.get("Theme: dark"));

  await page.setViewportSize({ width: 320, height: 640 });
  await page.waitForTimeout(500);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320);
  assert.deepEqual(wrong, []);
}

async function reachable(address, program) {
  for (;;) {
    try {
      await fetch(address);
      return;
    } catch {
      if (program.ended) throw new Error(`the process ended before ${address} answered:\n${program.output}`);
      await new Promise(resolve => setTimeout(resolve, 50));
    }
  }
}
