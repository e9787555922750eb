// The figures on top, and what is said aloud of them: at changes of state, else every half a minute at most.

import { count, duration, milliseconds, number, percent, significant } from "./format.js";

const speakEvery = 30_000;

export class Headline {
  #spokenState;
  #spokenAt = 0;

  draw(model) {
    const { status, costs } = model;
    const last = model.series.last?.value;
    const stalled = status.state === "stalled";
    const running = status.state === "running" || stalled;
    show("round", running ? `${number(status.round, 0)} <of> ${number(status.rounds, 0)}` : `${number(status.rounds, 0)} <${status.state}>`);
    if (status.state === "cancelled") show("round", `${number(status.round, 0)} <of ${number(status.rounds, 0)}, cancelled>`);
    document.getElementById("progress").value = running || status.state === "cancelled" ? status.round / Math.max(1, status.rounds) : 1;
    show("left", stalled ? status.reason : running ? remaining(model) : "");
    show("devices-now", `${number(status.connected, 0)} <of ${number(status.devices, 0)}>`);
    show("missing", running ? `${count(status.missing, "report")} missing` : "connected");
    show("mean-theta", number(status.meanTheta, 4));
    show("theta-range", last ? `${number(last[1], 4)} to ${number(last[2], 4)}` : "");
    show("cost-now", significant(last?.[3], 5));
    show("against-never", last && costs ? percent(last[3] / costs.neverOffload - 1) : "–");
    show("against-best", last && costs ? percent(last[3] / costs.bestKnown - 1) : "–");
    show("never", costs ? `of ${significant(costs.neverOffload, 5)}` : "not known");
    show("best", costs ? `of ${significant(costs.bestKnown, 5)}` : "not known");
    this.#state(status);
    this.#speak(model, last);
  }

  #state(status) {
    const pill = document.getElementById("state");
    pill.hidden = false;
    showRefused(status);
    pill.textContent = status.state;
    pill.className = `pill ${status.state}`;
    const digest = document.getElementById("digest");
    digest.hidden = status.state !== "finished";
    if (!digest.hidden && digest.dataset.shown !== status.digest) {
      digest.dataset.shown = status.digest;
      digest.replaceChildren("Finished. Digest ", Object.assign(document.createElement("code"), { textContent: status.digest }));
    }
  }

  #speak({ status, costs }, last) {
    if (status.state === this.#spokenState && (status.state !== "running" || performance.now() - this.#spokenAt < speakEvery)) return;
    [this.#spokenState, this.#spokenAt] = [status.state, performance.now()];
    document.getElementById("spoken").textContent = `${status.state}: round ${status.round} of ${status.rounds}, `
      + `${status.connected} of ${count(status.devices, "device")} connected, mean theta ${number(status.meanTheta, 4)}`
      + (last && costs ? `, cost ${percent(last[3] / costs.neverOffload - 1)} against never offloading.` : ".");
  }
}

// Figures may have a smaller part in angle brackets; none of it is markup.
function show(id, text) {
  const element = document.getElementById(id);
  if (element.dataset.text === text) return;
  element.dataset.text = text;
  const [main, small] = text.split(/\s?<|>/);
  element.replaceChildren(main);
  if (small !== undefined) element.append(" ", Object.assign(document.createElement("small"), { textContent: small }), text.split(">")[1] ?? "");
}

function remaining({ status, durations }) {
  if (durations.length < 2) return "";
  const mean = durations.reduce((sum, value) => sum + value, 0) / durations.length;
  return `${milliseconds(mean)} a round, about ${duration(mean * (status.rounds - status.round + 1) / 1000)} left`;
}

// What the coordinator turned away since it started, whoever said it; a stream that never was a device's has no event.
function showRefused(status) {
  const counts = { ...status.refused, ...(status.reportsClipped ? { "clipped report": status.reportsClipped } : {}) };
  const element = document.getElementById("refused");
  const text = Object.entries(counts).map(([reason, times]) => `${reason.replaceAll("-", " ")} ${number(times, 0)}`).join(", ");
  element.hidden = text === "";
  if (element.textContent !== `Refused or clipped: ${text}.`) element.textContent = `Refused or clipped: ${text}.`;
}
