// What the links carried, by layer; known only where somebody counts.

import { bytes, number } from "./format.js";

const cell = (name, text, className = "") => Object.assign(document.createElement(name), { textContent: text, className });

export function drawBytes(model) {
  const layers = (model.bytes ?? []).filter(layer => layer.up + layer.down > 0);
  const known = layers.length > 0;
  document.getElementById("no-bytes").hidden = known;
  document.getElementById("bytes-scroll").hidden = document.getElementById("bytes-key").hidden = !known;
  if (!known) return;
  const total = layers.reduce((sum, layer) => ({ up: sum.up + layer.up, down: sum.down + layer.down }), { up: 0, down: 0 });
  const most = Math.max(...layers.map(layer => layer.up + layer.down));
  document.getElementById("bytes").replaceChildren(...layers.map(layer => row(layer, most)));
  document.getElementById("bytes-total").replaceChildren(figures({ layer: "all", ...total }));
}

function figures(layer) {
  const line = document.createElement("tr");
  const head = cell("th", layer.layer.replaceAll("-", " "));
  head.scope = "row";
  line.append(head, cell("td", bytes(layer.up), "number"), cell("td", bytes(layer.down), "number"), cell("td", ""));
  line.title = `${number(layer.up, 0)} bytes up, ${number(layer.down, 0)} bytes down`;
  return line;
}

function row(layer, most) {
  const line = figures(layer);
  const bar = cell("div", "", "bar");
  for (const direction of ["up", "down"]) {
    const part = cell("i", "", direction);
    part.style.width = `${100 * layer[direction] / most}%`;
    bar.append(part);
  }

  line.lastChild.append(bar);
  return line;
}
