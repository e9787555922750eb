// uPlot with this page's colours, sizes and axes.

import { themed } from "./colours.js";

/** Steps between the marks of an axis that counts. */
export const wholeSteps = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7].flatMap(power => [power, 2 * power, 5 * power]);

const height = 216;

export const axis = (label, size, values, more = {}) => ({
  label, size, labelSize: 22, labelGap: 2, font: "12px system-ui, sans-serif", labelFont: "12px system-ui, sans-serif",
  stroke: () => themed("quiet"), grid: { stroke: () => themed("grid"), width: 1 }, ticks: { show: false },
  values: (_, splits) => splits.map(values), ...more,
});

export const line = (label, colour, value, more = {}) => ({
  label, stroke: () => themed(colour), width: 2, points: { show: plot => plot.data[0].length < 30, size: 5 },
  value: (plot, raw, index) => value(plot.cursor.idx == null ? plot.data[index].at(-1) : raw), ...more,
});

/** One plot in a box: resizes with it and follows the theme. */
export class Plot {
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
