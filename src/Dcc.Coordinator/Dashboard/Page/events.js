// What happened, latest first: faults and processes to be seen, joins and leaves in groups.

import { categories, categoryOf } from "./model.js";
import { clock, count } from "./format.js";

const mostShown = 200, groupWithin = 1000;
const looks = {
  "fault": "bad", "killed": "bad", "refused": "warn", "exited": "warn", "restarted": "good", "fault-ended": "good", "joined": "faint", "left": "faint", "withdrawn": "plain", "absent": "warn", "released": "warn", "suspected": "bad",
};

export class Events {
  #list = document.getElementById("events");
  #shown = new Set(categories);
  #drawn;
  #labels = {};

  constructor(changed) {
    const box = document.getElementById("event-filters");
    for (const category of categories) {
      const input = Object.assign(document.createElement("input"), { type: "checkbox", checked: true });
      input.addEventListener("change", () => {
        this.#shown[input.checked ? "add" : "delete"](category);
        this.#drawn = undefined;
        changed();
      });
      const label = document.createElement("label");
      label.append(input, this.#labels[category] = document.createTextNode(category));
      box.append(label);
    }
  }

  draw(model) {
    if (this.#drawn === model.events && this.#drawnOrder === model.eventOrder) return;
    [this.#drawn, this.#drawnOrder] = [model.events, model.eventOrder];
    for (const category of categories) this.#labels[category].data = `${category} (${model.eventCounts[category]})`;
    const groups = group(model.eventsOf([...this.#shown]));
    document.getElementById("no-events").hidden = groups.length > 0;
    this.#list.replaceChildren(...groups.map(row));
  }

  #drawnOrder = -1;
}

// Devices that join or leave together are one line.
function group(events) {
  const groups = [];
  for (const happened of events) {
    const last = groups.at(-1);
    if (last && last.kind === happened.kind && categoryOf(happened.kind) === "joins and leaves" && last.time - happened.time <= groupWithin) {
      last.devices.push(happened.device);
    } else if (groups.length === mostShown) {
      break;
    } else {
      groups.push({ ...happened, devices: [happened.device] });
    }
  }

  return groups;
}

function row(happened) {
  const item = document.createElement("li");
  item.className = looks[happened.kind] ?? "plain";
  const time = Object.assign(document.createElement("time"), { textContent: clock(happened.time), dateTime: new Date(happened.time).toISOString() });
  const kind = Object.assign(document.createElement("span"), { className: "kind", textContent: happened.kind.replaceAll("-", " ") });
  const what = Object.assign(document.createElement("span"), { className: "what", textContent: describe(happened) });
  item.append(time, kind, what);
  return item;
}

function describe(happened) {
  const parts = [];
  if (happened.devices.length > 1) {
    parts.push(`${count(happened.devices.length, "device")}: ${ranges(happened.devices)}`);
  } else if (happened.process) {
    parts.push(happened.process);
  } else if (happened.device !== undefined) {
    parts.push(`device ${happened.device}`);
  }

  if (happened.reason) parts.push(happened.reason.replaceAll("-", happened.kind === "refused" ? " " : "-"));
  if (happened.round !== undefined && !happened.reason?.includes("round ")) parts.push(`round ${happened.round}`);
  return parts.join(", ");
}

// 0–9, 12, 14–20: at most six of them.
function ranges(devices) {
  const found = [];
  for (const device of [...new Set(devices)].sort((one, other) => one - other)) {
    const last = found.at(-1);
    if (last && last.end === device - 1) last.end = device; else found.push({ first: device, end: device });
  }

  return found.slice(0, 6).map(({ first, end }) => first === end ? first : `${first}–${end}`).join(", ") + (found.length > 6 ? ", …" : "");
}
