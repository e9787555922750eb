// node measure.mjs ADDRESS SECONDS: how the page bears a long live run. Prints first paint, then every ten seconds the JavaScript heap after a
// collection, how many rounds and milliseconds the page is behind the coordinator, and the longest time its main thread was busy at once.

import { launch } from "./browser.mjs";

const [address, seconds] = [process.argv[2], Number(process.argv[3] ?? 120)];
const context = await launch();
const page = context.pages()[0];
const protocol = await context.newCDPSession(page);
await page.addInitScript(() => {
  globalThis.busiest = 0;
  new PerformanceObserver(list => { for (const entry of list.getEntries()) globalThis.busiest = Math.max(globalThis.busiest, entry.duration); }).observe({ entryTypes: ["longtask"] });
});
await page.goto(address);
await page.waitForFunction(() => document.getElementById("connection").className.includes("live"));
console.log(`first contentful paint after ${await page.evaluate(() => Math.round(performance.getEntriesByName("first-contentful-paint")[0].startTime))} ms`);
console.log("seconds, page's round, coordinator's round, rounds behind, heap in MB, longest task in ms");

const round = () => page.evaluate(() => Number(document.getElementById("round").firstChild.data.replaceAll(",", "")));
const runs = new URL("api/runs", address);
for (const start = performance.now(); performance.now() - start < seconds * 1000;) {
  await page.waitForTimeout(10_000);
  const shown = await round();
  const [run] = (await (await fetch(runs)).json()).runs;
  const busiest = await page.evaluate(() => { const longest = globalThis.busiest; globalThis.busiest = 0; return Math.round(longest); });
  await protocol.send("HeapProfiler.collectGarbage");
  const { usedSize } = await protocol.send("Runtime.getHeapUsage");
  console.log([Math.round((performance.now() - start) / 1000), shown, run.round, run.round - shown, (usedSize / 1e6).toFixed(1), busiest].join(", "));
}

await context.close();
