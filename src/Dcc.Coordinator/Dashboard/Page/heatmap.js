// theta of every device in every round as colours: a canvas of its own size in pixels, drawn whole each time (about a million cells at most).

import { themed, viridis } from "./colours.js";
import { number, significant } from "./format.js";

const left = 52, bottom = 34, top = 7, right = 18, font = "12px system-ui, sans-serif";
const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000];
const tops = [0.01, 0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.8, 1];

export class HeatMap {
  #box;
  #canvas;
  #tip;
  #model;
  #pointer;
  #image;
  #top = 1;
  #over = false;

  /** @param box holds a canvas and a tip; @param choose called with the device that was clicked */
  constructor(box, choose) {
    this.#box = box;
    this.#canvas = box.querySelector("canvas");
    this.#tip = box.querySelector(".tip");
    this.chosen = undefined;
    this.#canvas.addEventListener("pointermove", event => this.#point(event));
    this.#canvas.addEventListener("pointerdown", event => this.#point(event));
    this.#canvas.addEventListener("pointerleave", () => this.#point(undefined));
    this.#canvas.addEventListener("click", () => {
      const cell = this.#cell();
      if (cell) choose(cell.device);
    });
    this.#legend();
  }

  draw(model) {
    this.#model = model;
    const ratio = Math.min(2, devicePixelRatio);
    const [width, height] = [this.#canvas.clientWidth, this.#canvas.clientHeight];
    if (width === 0) return;
    if (this.#canvas.width !== Math.round(width * ratio) || this.#canvas.height !== Math.round(height * ratio)) {
      [this.#canvas.width, this.#canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
    }

    const context = this.#canvas.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    this.area = { left, top, width: width - left - right, height: height - top - bottom };
    this.#scale();
    if (model.heat.last) this.#cells(context, ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#axes(context);
    this.#describe();
    this.#showTip();
  }

  // The scale's upper end: above all but the rounds of greatest theta, because the first steps of a run overshoot and would leave the rest dark.
  #scale() {
    const shown = this.#model.series.entries.filter(entry => entry.round >= this.#first);
    const greatest = shown.map(entry => entry.value[2]).sort((one, other) => one - other);
    const usual = greatest[Math.floor(0.95 * (greatest.length - 1))] ?? 1;
    this.#top = tops.find(value => value >= usual) ?? 1;
    this.#over = greatest.at(-1) > this.#top;
  }

  get #first() { return this.#model.heat.entries[0]?.first ?? 0; }

  get #end() { return (this.#model.heat.last?.round ?? 0) + 1; }

  #cells(context, ratio) {
    const area = Object.fromEntries(Object.entries(this.area).map(([name, value]) => [name, Math.round(value * ratio)]));
    if (area.width < 1 || area.height < 1) return;
    if (this.#image?.width !== area.width || this.#image.height !== area.height) this.#image = context.createImageData(area.width, area.height);
    const pixels = new Uint32Array(this.#image.data.buffer);
    const { devices } = this.#model;
    const rows = Array.from({ length: area.height + 1 }, (_, row) => Math.floor(row * devices / area.height));
    const factor = 255 / (65535 * this.#top);
    const span = this.#end - this.#first;
    let entry, column;
    for (let x = 0; x < area.width; x++) {
      const found = this.#model.heat.at(this.#first + Math.floor(x * span / area.width));
      if (found !== entry) {
        entry = found;
        column = this.#column(entry.value, rows, factor);
      }

      for (let y = 0, at = x; y < area.height; y++, at += area.width) pixels[at] = column[y];
    }

    context.putImageData(this.#image, area.left, area.top);
  }

  // Where devices outnumber pixels, a pixel has the mean of its devices.
  #column(theta, rows, factor) {
    const column = new Uint32Array(rows.length - 1);
    for (let y = 0; y < column.length; y++) {
      const first = rows[y], end = Math.max(first + 1, rows[y + 1]);
      let sum = 0;
      for (let device = first; device < end; device++) sum += theta[device];
      column[y] = viridis[Math.min(255, Math.round(sum / (end - first) * factor))];
    }

    return column;
  }

  #axes(context) {
    const { area } = this;
    context.font = font;
    context.fillStyle = themed("quiet");
    context.strokeStyle = themed("edge");
    context.strokeRect(area.left - 0.5, area.top - 0.5, area.width + 1, area.height + 1);
    context.textAlign = "right";
    context.textBaseline = "middle";
    const rowHeight = area.height / Math.max(1, this.#model.devices);
    for (const device of ticks(0, this.#model.devices, area.height / 22)) {
      context.fillText(device, area.left - 7, area.top + (device + 0.5) * rowHeight);
    }

    context.textAlign = "center";
    context.textBaseline = "top";
    const span = this.#end - this.#first;
    for (const round of ticks(this.#first, this.#end, area.width / 60)) {
      context.fillText(round, area.left + (round - this.#first + 0.5) * area.width / span, area.top + area.height + 6);
    }

    context.fillText("round", area.left + area.width / 2, area.top + area.height + 20);
    context.save();
    context.translate(9, area.top + area.height / 2);
    context.rotate(-Math.PI / 2);
    context.textBaseline = "middle";
    context.fillText("device", 0, 0);
    context.restore();
    if (this.chosen < this.#model.devices) this.#mark(context, rowHeight);
  }

  #mark(context, rowHeight) {
    const { area } = this;
    const y = area.top + this.chosen * rowHeight;
    const height = Math.max(3, rowHeight);
    context.strokeStyle = "#fff";
    context.lineWidth = 3;
    context.strokeRect(area.left, y - 1, area.width, height + 2);
    context.strokeStyle = "#d4004c";
    context.lineWidth = 1.5;
    context.strokeRect(area.left, y - 1, area.width, height + 2);
    context.lineWidth = 1;
  }

  #point(event) {
    this.#pointer = event && { x: event.offsetX, y: event.offsetY };
    this.#showTip();
  }

  // The device, round and theta under the pointer.
  #cell() {
    const { area } = this;
    const x = this.#pointer?.x - area?.left, y = this.#pointer?.y - area?.top;
    if (!this.#model?.heat.last || !(x >= 0 && x < area.width && y >= 0 && y < area.height)) return undefined;
    const device = Math.floor(y * this.#model.devices / area.height);
    const entry = this.#model.heat.at(this.#first + Math.floor(x * (this.#end - this.#first) / area.width));
    return { device, round: entry.round, theta: entry.value[device] / 65535 };
  }

  #showTip() {
    const cell = this.#cell();
    this.#tip.hidden = !cell;
    if (!cell) return;
    this.#tip.textContent = `device ${cell.device}, round ${cell.round}: theta ${number(cell.theta, 4)}`;
    const x = Math.min(this.#pointer.x + 14, this.#box.clientWidth - this.#tip.offsetWidth - 4);
    const y = this.#pointer.y > 40 ? this.#pointer.y - 34 : this.#pointer.y + 18;
    this.#tip.style.transform = `translate(${Math.max(0, x)}px, ${y}px)`;
  }

  #legend() {
    const canvas = document.getElementById("heat-legend");
    const context = canvas.getContext("2d");
    const image = context.createImageData(256, 1);
    new Uint32Array(image.data.buffer).set(viridis);
    context.putImageData(image, 0, 0);
  }

  #describe() {
    document.getElementById("heat-top").textContent = significant(this.#top) + (this.#over ? " and more" : "");
    const { series, devices } = this.#model;
    const range = series.last && `from ${number(series.last.value[1], 4)} to ${number(series.last.value[2], 4)}`;
    this.#canvas.setAttribute("aria-label", range
      ? `Heat map of theta of ${devices} devices, rounds ${this.#first} to ${this.#end - 1}. In the last round theta is ${range}. `
        + "The table of devices has each."
      : "No round yet.");
  }
}

// Round numbers from first up to end, at most so many.
function ticks(first, end, most) {
  const step = steps.find(value => (end - first) / value <= Math.max(1, most)) ?? steps.at(-1);
  const list = [];
  for (let value = Math.ceil(first / step) * step; value < end; value += step) list.push(value);
  return list;
}
