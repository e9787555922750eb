// How long devices take from push to report: a histogram over recent rounds.

import { themed } from "./colours.js";
import { count, milliseconds, number } from "./format.js";
import { recentRounds } from "./model.js";
import { axis, line, Plot, wholeSteps } from "./plot.js";

// As RoundTripHistogram has them: eight bins to a decade from 0.1 ms.
const bins = 48, perDecade = 8;
const start = bin => 0.1 * 10 ** (bin / perDecade);

const short = value => value >= 1e6 ? `${value / 1e6}M` : value >= 1e4 ? `${value / 1e3}k` : number(value, 0);

export class Trips {
  #plot;
  #rounds;

  constructor(element) {
    this.#rounds = element("trips-rounds");
    this.#plot = new Plot(element("trips"), {
      series: [
        { label: "from", value: (_, bin) => bin == null ? "–" : milliseconds(start(bin)) },
        {
          ...line("reports", "trip"), value: (_, raw) => raw == null ? "–" : number(raw, 0), points: { show: false },
          paths: uPlot.paths.bars({ size: [0.92, Infinity], align: 1 }), fill: () => themed("trip"),
        },
      ],
      axes: [
        axis("push to report (log scale)", 24, bin => milliseconds(start(bin)), { splits: (_, __, least, most) => decades(least, most) }),
        axis("reports", 60, short, { incrs: wholeSteps }),
      ],
      scales: {
        x: { time: false, range: (_, least, most) => least == null ? [0, bins] : [least, most + 1] },
        y: { range: (_, __, most) => [0, Math.max(1, (most ?? 1) * 1.08)] },
      },
      padding: [8, 22, 0, 0],
      cursor: { points: { show: false }, drag: { setScale: false } },
    });
  }

  draw(model) {
    const counts = new Array(bins).fill(0);
    for (const entry of model.histograms) entry.counts.forEach((value, bin) => { counts[bin] += value; });
    const rounds = model.histograms.reduce((sum, entry) => sum + entry.rounds, 0);
    this.#rounds.textContent = rounds > 0 ? `last ${count(Math.min(recentRounds, rounds), "round")}` : "";
    const first = counts.findIndex(value => value > 0);
    if (first < 0) {
      this.#plot.show([[], []], "Time from push to report: not known yet.");
      return;
    }

    // Whole decades, so that there is room for labels.
    const from = first - first % perDecade;
    const end = Math.ceil((counts.findLastIndex(value => value > 0) + 1) / perDecade) * perDecade;
    const shown = Array.from({ length: end - from }, (_, index) => from + index);
    const total = counts.reduce((sum, value) => sum + value, 0);
    let passed = 0;
    const median = counts.findIndex(value => (passed += value) >= total / 2);
    this.#plot.show([shown, shown.map(bin => counts[bin])],
      `Time from push to report of ${number(total, 0)} reports; the median is about ${milliseconds(start(median + 0.5))}.`);
  }
}

function decades(least, most) {
  const list = [];
  for (let bin = Math.ceil(least / perDecade) * perDecade; bin <= most; bin += perDecade) list.push(bin);
  return list;
}
