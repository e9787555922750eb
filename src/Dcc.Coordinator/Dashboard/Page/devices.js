// The devices as a table: searched, sorted and in pages, so that it stays as fast with many thousands of them.

import { count, milliseconds, number, significant } from "./format.js";

const pageSize = 25;
const columns = [
  { name: "Device", value: (_, device) => device, text: (_, device) => String(device) },
  { name: "State", value: (model, device) => model.connected[device], text: (model, device) => state(model, device) },
  { name: "theta", number: true, value: (model, device) => model.theta[device] ?? -1, text: (model, device) => number(model.theta[device], 4) },
  { name: "Last J", number: true, value: (model, device) => model.cost[device] ?? -1, text: (model, device) => significant(model.cost[device], 5) },
  {
    name: "Push to report", number: true, value: (model, device) => model.roundTrip[device] ?? -1,
    text: (model, device) => model.roundTrip[device] >= 0 ? milliseconds(model.roundTrip[device]) : "–",
  },
];

const state = (model, device) => model.connected[device] ? "connected" : "away";

export class Devices {
  #body = document.getElementById("devices");
  #search = document.getElementById("search");
  #heads = [];
  #rows = [];
  #changed;
  #choose;
  #sort = { column: 0, falling: false };
  #page = 0;
  #pages = 1;

  /** @param changed asks to be drawn again; @param choose called with the device of the row that was chosen */
  constructor(changed, choose) {
    this.#changed = changed;
    this.#choose = choose;
    this.chosen = undefined;
    columns.forEach((column, index) => this.#addHead(column, index));
    this.#search.addEventListener("input", () => this.#turn(-Infinity));
    document.getElementById("previous").addEventListener("click", () => this.#turn(-1));
    document.getElementById("next").addEventListener("click", () => this.#turn(1));
    this.#body.addEventListener("keydown", event => this.#key(event));
    this.#body.addEventListener("click", event => this.#rows.find(row => row.element.contains(event.target))?.element.focus());
    this.#body.addEventListener("focusin", event => {
      const row = this.#rows.find(candidate => candidate.element === event.target);
      if (row) this.#choose(row.device);
    });
  }

  draw(model) {
    const found = this.#find(model);
    this.#pages = Math.max(1, Math.ceil(found.length / pageSize));
    this.#page = Math.min(this.#page, this.#pages - 1);
    const shown = found.slice(this.#page * pageSize, (this.#page + 1) * pageSize);
    while (this.#rows.length < shown.length) this.#addRow();
    while (this.#rows.length > shown.length) this.#rows.pop().element.remove();
    shown.forEach((device, index) => this.#fill(this.#rows[index], model, device));
    const reachable = this.#rows.find(row => row.device === this.chosen) ?? this.#rows[0];
    for (const row of this.#rows) row.element.tabIndex = row === reachable ? 0 : -1;
    document.getElementById("page").textContent = found.length === 0
      ? "no device found"
      : `page ${this.#page + 1} of ${this.#pages}, ${found.length === model.devices ? count(found.length, "device") : `${found.length} of ${count(model.devices, "device")}`}`;
    document.getElementById("previous").disabled = this.#page === 0;
    document.getElementById("next").disabled = this.#page === this.#pages - 1;
  }

  #find(model) {
    const matches = matcher(this.#search.value.trim().toLowerCase(), model);
    const { value } = columns[this.#sort.column];
    const found = [];
    for (let device = 0; device < model.devices; device++) if (matches(device)) found.push({ device, key: value(model, device) });
    const sign = this.#sort.falling ? -1 : 1;
    if (this.#sort.column !== 0 || this.#sort.falling) found.sort((one, other) => sign * (one.key - other.key) || one.device - other.device);
    return found.map(entry => entry.device);
  }

  #addHead(column, index) {
    const head = Object.assign(document.createElement("th"), { scope: "col", className: column.number ? "number" : "" });
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: column.name });
    button.addEventListener("click", () => {
      this.#sort = { column: index, falling: this.#sort.column === index && !this.#sort.falling };
      this.#page = 0;
      this.#showSort();
      this.#changed();
    });
    head.append(button);
    this.#heads.push(head);
    document.getElementById("device-columns").append(head);
    this.#showSort();
  }

  #showSort() {
    this.#heads.forEach((head, index) => {
      if (index === this.#sort.column) head.setAttribute("aria-sort", this.#sort.falling ? "descending" : "ascending"); else head.removeAttribute("aria-sort");
    });
  }

  #addRow() {
    const element = document.createElement("tr");
    const cells = columns.map((column, index) => {
      const cell = document.createElement(index === 0 ? "th" : "td");
      if (index === 0) cell.scope = "row";
      cell.className = column.number ? "number" : "";
      element.append(cell);
      return cell;
    });
    this.#rows.push({ element, cells, device: -1 });
    this.#body.append(element);
  }

  #fill(row, model, device) {
    row.device = device;
    row.element.classList.toggle("chosen", device === this.chosen);
    columns.forEach((column, index) => {
      const text = column.text(model, device);
      if (row.cells[index].textContent !== text) row.cells[index].textContent = text;
    });
    row.cells[1].className = state(model, device);
  }

  #turn(pages) {
    this.#page = Math.max(0, Math.min(this.#page + pages, this.#pages - 1));
    this.#changed();
  }

  #key(event) {
    const at = this.#rows.findIndex(row => row.element === event.target);
    const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: this.#rows.length - 1 };
    if (event.key in moves) {
      this.#rows[Math.max(0, Math.min(moves[event.key], this.#rows.length - 1))].element.focus();
    } else if (event.key === "PageDown" || event.key === "PageUp") {
      this.#turn(event.key === "PageDown" ? 1 : -1);
    } else {
      return;
    }

    event.preventDefault();
  }
}

// A number finds the devices that begin with it, a range those in it, anything else those in that state.
function matcher(text, model) {
  const range = /^(\d+)\s*-\s*(\d+)$/.exec(text);
  if (range) return device => device >= Number(range[1]) && device <= Number(range[2]);
  if (/^\d+$/.test(text)) return device => String(device).startsWith(text);
  return device => state(model, device).includes(text);
}
