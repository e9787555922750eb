// The list of runs, asked for again every two seconds.

import { number } from "./format.js";

const interval = 2000;

/** @param found called once with the first answer; @param connection told "live" or "lost" */
export async function listRuns(found, connection) {
  for (let first = true; ; await new Promise(resolve => setTimeout(resolve, interval))) {
    const runs = await ask();
    connection(runs ? "live" : "lost");
    if (!runs) continue;
    if (first && found(runs)) return;
    first = runs.length === 0;
    document.getElementById("no-runs").hidden = runs.length > 0;
    document.querySelector("table.runs").hidden = runs.length === 0;
    document.getElementById("runs").replaceChildren(...runs.map(row));
  }
}

async function ask() {
  try {
    const response = await fetch("api/runs");
    return response.ok ? (await response.json()).runs : undefined;
  } catch {
    // The coordinator is away.
    return undefined;
  }
}

function row(run) {
  const line = document.createElement("tr");
  const link = Object.assign(document.createElement("a"), { href: `./?run=${encodeURIComponent(run.path)}`, textContent: run.run });
  const pill = Object.assign(document.createElement("span"), { className: `pill ${run.state}`, textContent: run.state });
  const progress = Object.assign(document.createElement("progress"), { max: Math.max(1, run.rounds), value: run.round, ariaLabel: `Rounds of ${run.run}` });
  const done = document.createElement("td");
  done.append(`${run.round} of ${run.rounds}`, progress);
  line.append(cell(link), cell(pill), done, cell(`${number(run.connected, 0)} of ${number(run.devices, 0)}`, "number"), cell(number(run.meanTheta, 4), "number"),
    cell(Object.assign(document.createElement("code"), { textContent: run.digest.slice(0, 12), title: run.digest })));
  return line;
}

function cell(content, className = "") {
  const element = Object.assign(document.createElement("td"), { className });
  element.append(content);
  return element;
}
