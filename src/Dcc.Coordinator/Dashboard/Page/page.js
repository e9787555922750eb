// Begins: one run where the address names one or there is only one, else the list of runs.

import { drawBytes } from "./bytes.js";
import { Curves } from "./curves.js";
import { Devices } from "./devices.js";
import { Events } from "./events.js";
import { Headline } from "./headline.js";
import { HeatMap } from "./heatmap.js";
import { LiveRun } from "./live.js";
import { RunModel } from "./model.js";
import { listRuns } from "./runs.js";
import { Trips } from "./trips.js";

const drawEvery = 250;
const element = id => document.getElementById(id);

const showTheme = () => { element("theme").textContent = `Theme: ${theme.choice}`; };
element("theme").addEventListener("click", () => {
  theme.next();
  showTheme();
});
showTheme();

const asked = new URLSearchParams(location.search);
if (asked.has("run")) {
  showRun(asked.get("run"));
} else {
  element("list").hidden = false;
  listRuns(runs => {
    if (runs.length !== 1 || asked.has("list")) return false;
    element("list").hidden = true;
    showRun(runs[0].path);
    return true;
  }, showConnection);
}

function showConnection(state) {
  element("connection").className = `connection ${state}`;
  element("connection").textContent = { live: "live", lost: "disconnected, retrying", over: "", connecting: "connecting" }[state];
}

function showNotice(title, text) {
  element("notice").hidden = false;
  element("notice-title").textContent = title;
  element("notice-text").textContent = text;
}

function showRun(path) {
  const model = new RunModel();
  const draw = throttle(() => {
    if (model.series.last || model.devices) panels.forEach(panel => panel(model));
  });
  const choose = device => {
    heat.chosen = devices.chosen = device;
    draw();
  };
  const heat = new HeatMap(element("heat"), choose);
  const events = new Events(draw);
  const devices = new Devices(draw, choose);
  const headline = new Headline();
  element("run").hidden = element("all-runs").hidden = false;
  const panels = [headline, heat, new Curves(element), new Trips(element), events, devices].map(panel => shown => panel.draw(shown)).concat(drawBytes);
  new ResizeObserver(draw).observe(element("heat"));
  addEventListener("themechange", draw);

  showConnection("connecting");
  new LiveRun(path, {
    status(status) {
      element("title").textContent = status.run;
      document.title = `${status.run} · Dcc.Grpc`;
      model.status ??= status;
      headline.draw(model);
    },
    snapshot: take,
    frame: take,
    live: () => showConnection("live"),
    lost: () => showConnection("lost"),
    end: () => showConnection("over"),
    unknown(message) {
      element("run").hidden = true;
      element("title").textContent = "No such run";
      showConnection("over");
      showNotice("No such run", message);
    },
  }).start();

  function take(frame) {
    model.take(frame);
    draw();
  }
}

// Draws at the next frame, and not more often than the eye needs.
function throttle(action) {
  let waiting = false, drawn = -Infinity;
  return () => {
    if (waiting) return;
    waiting = true;
    setTimeout(() => requestAnimationFrame(() => {
      waiting = false;
      drawn = performance.now();
      action();
    }), Math.max(0, drawn + drawEvery - performance.now()));
  };
}
