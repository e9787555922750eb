// What goes by round: cost, theta and duration, with lines where faults fell.

import { themed } from "./colours.js";
import { milliseconds, number, significant } from "./format.js";
import { axis, line, Plot, wholeSteps } from "./plot.js";

const precise = value => significant(value, 5);
const fraction = value => number(value, 4);
const thin = { width: 1, points: { show: false } };

export class Curves {
  #faultRounds = [];

  constructor(element) {
    const faults = () => this.#faultRounds;
    this.cost = new Plot(element("cost"), byRound("mean J per step", 52, value => significant(value), [
      line("mean J", "cost", precise),
      line("never offload", "never", precise, { ...thin, width: 1.5, dash: [8, 5] }),
      line("best known", "best", precise, { ...thin, width: 2, dash: [2, 4] }),
    ], faults));
    this.theta = new Plot(element("theta"), byRound("theta", 52, value => significant(value), [
      line("mean", "cost", fraction),
      line("max", "cost", fraction, { ...thin, dash: [2, 3] }),
      line("min", "cost", fraction, { ...thin, dash: [6, 3] }),
    ], faults, { bands: [{ series: [2, 3], fill: () => themed("band") }] }));
    this.duration = new Plot(element("duration"), byRound("duration (ms)", 60, value => significant(value), [
      line("from commit to commit", "trip", milliseconds, { width: 1.5 }),
    ], faults, { scales: { y: { range: (_, least, most) => [0, (most ?? 1) * 1.08] } } }));
  }

  draw(model) {
    this.#faultRounds = model.faultRounds();
    const { costs, series: { entries, last } } = model;
    const rounds = entries.map(entry => entry.round);
    const column = index => entries.map(entry => entry.value[index]);
    const constant = value => entries.map(() => value ?? null);
    const describe = (what, now) => `${what} by round${last ? `, up to round ${last.round}: ${now(last.value)}` : ": none yet"}.`;
    this.cost.show([rounds, column(3), constant(costs?.neverOffload), constant(costs?.bestKnown)], describe("Mean cost", value => precise(value[3]))
      + (costs ? ` Never offloading: ${precise(costs.neverOffload)}, best known: ${precise(costs.bestKnown)}.` : ""));
    this.theta.show([rounds, column(0), column(2), column(1)], describe(
      "Theta", value => `mean ${fraction(value[0])}, from ${fraction(value[1])} to ${fraction(value[2])}`));
    this.duration.show([rounds, column(4)], describe("Round duration", value => milliseconds(value[4] ?? NaN)));
  }
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
