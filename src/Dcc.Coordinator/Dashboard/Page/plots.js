// The curves: uPlot with this page's colours, sizes and axes, drawn again from the model each time.

import { themed } from "./colours.js";
import { count, milliseconds, number, significant } from "./format.js";

const wholeSteps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000];
const height = 216;

const axis = (label, size, values, more = {}) => ({
  label, size, labelSize: 22, labelGap: 2, font: "12px system-ui, sans-serif", labelFont: "12px system-ui, sans-serif",
  stroke: () => themed("quiet"), grid: { stroke: () => themed("grid"), width: 1 }, ticks: { show: false },
  values: (_, splits) => splits.map(values), ...more,
});

const line = (label, colour, value, more = {}) => ({
  label, stroke: () => themed(colour), width: 2, points: { show: plot => plot.data[0].length < 30, size: 5 },
  value: (plot, raw, index) => value(plot.cursor.idx == null ? plot.data[index].at(-1) : raw), ...more,
});

/** One plot in a box: resizes with it and follows the theme. */
class Plot {
  #box;
  #plot;

  constructor(box, options) {
    this.#box = box;
    const make = data => { this.#plot = new uPlot({ padding: [8, 12, 0, 0], ...options, ...this.#size() }, data, box); };
    make(options.series.map(() => []));
    new ResizeObserver(() => this.#plot.setSize(this.#size())).observe(box);
    addEventListener("themechange", () => {
      // Its legend keeps the colours it was made with.
      const { data } = this.#plot;
      this.#plot.destroy();
      make(data);
    });
  }

  show(data, description) {
    this.#plot.setData(data);
    this.#box.setAttribute("aria-label", description);
  }

  #size() { return { width: Math.max(200, this.#box.clientWidth), height }; }
}

// Lines where faults and kills fell, so that a bend in a curve can be told from a cause.
const faultLines = rounds => plot => {
  const { ctx: context, bbox: area } = plot;
  context.save();
  context.strokeStyle = themed("fault");
  context.globalAlpha = 0.55;
  context.lineWidth = devicePixelRatio;
  context.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
  for (const round of rounds()) {
    const x = Math.round(plot.valToPos(round, "x", true));
    if (x < area.left || x > area.left + area.width) continue;
    context.beginPath();
    context.moveTo(x, area.top);
    context.lineTo(x, area.top + area.height);
    context.stroke();
  }

  context.restore();
};

const byRound = (label, size, values, series, faults, more = {}) => ({
  series: [{ label: "round", value: (plot, raw) => (plot.cursor.idx == null ? plot.data[0].at(-1) : raw) ?? "–" }, ...series],
  axes: [axis("round", 24, value => number(value, 0).replaceAll(",", ""), { incrs: wholeSteps, space: 60 }), axis(label, size, values)],
  scales: { x: { time: false, range: (_, least, most) => [least ?? 0, Math.max(most ?? 1, (least ?? 0) + 1)] }, ...more.scales },
  cursor: { points: { size: 7 }, drag: { setScale: false } },
  legend: { markers: { dash: (plot, index) => plot.series[index].dash ? "dashed" : "solid", width: 2 } },
  bands: more.bands,
  hooks: { draw: [faultLines(faults)] },
});

export class Plots {
  #faultRounds = [];

  constructor(element) {
    const faults = () => this.#faultRounds;
    this.cost = new Plot(element("cost"), byRound("mean J per step", 52, value => significant(value), [
      line("mean J", "cost", value => significant(value, 5)),
      line("never offload", "never", value => significant(value, 5), { dash: [8, 5], width: 1.5, points: { show: false } }),
      line("best known", "best", value => significant(value, 5), { dash: [2, 4], width: 2, points: { show: false } }),
    ], faults));
    this.theta = new Plot(element("theta"), byRound("theta", 52, value => significant(value), [
      line("mean", "cost", value => number(value, 4)),
      line("max", "cost", value => number(value, 4), { width: 1, dash: [2, 3], points: { show: false } }),
      line("min", "cost", value => number(value, 4), { width: 1, dash: [6, 3], points: { show: false } }),
    ], faults, { bands: [{ series: [2, 3], fill: () => themed("band") }] }));
    this.duration = new Plot(element("duration"), byRound("duration (ms)", 60, value => significant(value), [
      line("from commit to commit", "trip", milliseconds, { width: 1.5, spanGaps: false }),
    ], faults, { scales: { y: { range: (_, least, most) => [0, (most ?? 1) * 1.08] } } }));
    this.trips = new Plot(element("trips"), {
      series: [
        { label: "from", value: (_, bin) => bin == null ? "–" : milliseconds(binStart(bin)) },
        { ...line("reports", "trip"), value: (_, raw) => raw == null ? "–" : number(raw, 0), paths: uPlot.paths.bars({ size: [0.92, Infinity], align: 1 }), fill: () => themed("trip"), points: { show: false } },
      ],
      axes: [
        axis("push to report (log scale)", 24, bin => milliseconds(binStart(bin)), { splits: (_, __, least, most) => decades(least, most) }),
        axis("reports", 60, value => value >= 1e6 ? `${value / 1e6}M` : value >= 1e4 ? `${value / 1e3}k` : number(value, 0), { incrs: wholeSteps.concat(2e5, 5e5, 1e6, 2e6, 5e6, 1e7) }),
      ],
      padding: [8, 22, 0, 0],
      scales: { x: { time: false, range: (_, least, most) => least == null ? [0, 48] : [least, most + 1] }, y: { range: (_, __, most) => [0, Math.max(1, (most ?? 1) * 1.08)] } },
      cursor: { points: { show: false }, drag: { setScale: false } },
    });
  }

  draw(model) {
    this.#faultRounds = model.faultRounds();
    const { entries } = model.series;
    const rounds = entries.map(entry => entry.round);
    const column = index => entries.map(entry => entry.value[index]);
    const constant = value => entries.map(() => value ?? null);
    const last = entries.at(-1);
    const until = last ? `by round, up to round ${last.round}` : "no round yet";
    this.cost.show([rounds, column(3), constant(model.costs?.neverOffload), constant(model.costs?.bestKnown)],
      `Mean cost ${until}${last ? `: ${significant(last.value[3], 5)}` : ""}. Never offloading: ${significant(model.costs?.neverOffload, 5)}, best known: ${significant(model.costs?.bestKnown, 5)}.`);
    this.theta.show([rounds, column(0), column(2), column(1)],
      `Theta ${until}${last ? `: mean ${number(last.value[0], 4)}, from ${number(last.value[1], 4)} to ${number(last.value[2], 4)}` : ""}.`);
    this.duration.show([rounds, column(4)], `Round duration ${until}${last ? `: ${milliseconds(last.value[4])}` : ""}.`);
    this.#drawTrips(model);
  }

  #drawTrips(model) {
    const counts = new Array(48).fill(0);
    for (const entry of model.histograms) entry.counts.forEach((value, bin) => { counts[bin] += value; });
    const rounds = Math.min(200, model.histograms.reduce((sum, entry) => sum + entry.rounds, 0));
    document.getElementById("trips-rounds").textContent = rounds > 0 ? `last ${count(rounds, "round")}` : "";
    const first = counts.findIndex(value => value > 0);
    if (first < 0) {
      this.trips.show([[], []], "Time from push to report: not known yet.");
      return;
    }

    // Whole decades, so that there is room for labels.
    const from = Math.floor(first / 8) * 8, to = Math.min(48, Math.ceil((counts.findLastIndex(value => value > 0) + 1) / 8) * 8);
    const bins = Array.from({ length: to - from }, (_, index) => from + index);
    const total = counts.reduce((sum, value) => sum + value, 0);
    let passed = 0;
    const median = counts.findIndex(value => (passed += value) >= total / 2);
    this.trips.show([bins, bins.map(bin => counts[bin])], `Time from push to report of ${number(total, 0)} reports; the median is about ${milliseconds(binStart(median + 0.5))}.`);
  }
}

// As RoundTripHistogram has them: eight bins to a decade from 0.1 ms.
const binStart = bin => 0.1 * 10 ** (bin / 8);

function decades(least, most) {
  const list = [];
  for (let bin = Math.ceil(least / 8) * 8; bin <= most; bin += 8) list.push(bin);
  return list;
}
