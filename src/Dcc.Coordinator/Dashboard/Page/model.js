// What the page knows of a run. Everything in it is bounded, however long the run.

import { Decimated } from "./decimated.js";

const mostPoints = 2000, mostHeatCells = 2_000_000, mostHeatColumns = 1024, mostEvents = 1000, recentDurations = 50;

/** Rounds whose round trips are shown. */
export const recentRounds = 200;

/** Kinds of events by how they are shown; what is in no other list is a fault or a process. */
export const categories = ["faults", "processes", "joins and leaves", "refusals"];

export const categoryOf = kind =>
  kind.startsWith("fault") ? "faults" : ["joined", "left", "withdrawn", "absent", "released"].includes(kind) ? "joins and leaves" : kind === "refused" || kind === "suspected" ? "refusals" : "processes";

const decode = (base64, type) => new type(Uint8Array.from(atob(base64), character => character.charCodeAt(0)).buffer);

// [mean theta, min, max, mean cost, duration, time] of two neighbours: the later one's, but extremes stay to be seen.
const mergeSummaries = (one, other) => [
  other[0], Math.min(one[1], other[1]), Math.max(one[2], other[2]), other[3], Math.max(one[4] ?? 0, other[4] ?? 0) || null, other[5] ?? one[5],
];

export class RunModel {
  status;
  costs;
  bytes;

  // What this page saw of recent rounds, and a coordinator that was restarted did not.
  histograms = [];
  durations = [];
  #before;

  constructor() { this.#forget(0); }

  /** Takes what the coordinator said at once; a snapshot replaces everything. */
  take(frame) {
    if (frame.connected) {
      this.#before = this.series;
      this.#forget((frame.status ?? this.status).devices);
      for (const device of frame.connected) this.connected[device] = 1;
    }

    this.status = frame.status ?? this.status;
    this.costs = frame.costs ?? this.costs;
    this.bytes = frame.bytes ?? this.bytes;
    for (const happened of frame.events ?? []) this.#takeEvent(happened, !frame.connected);
    if (frame.summaries) this.#takeRounds(frame);
  }

  /** Events of the categories asked for, latest first. */
  eventsOf(shown) {
    return shown.flatMap(category => this.events[category]).sort((one, other) => other.order - one.order);
  }

  /** The rounds in which faults were injected or processes killed; where only the time is known, the round that was committed next. */
  faultRounds() {
    const { entries } = this.series;
    const rounds = new Set();
    for (const happened of [...this.events.faults, ...this.events.processes]) {
      if (happened.kind !== "fault" && happened.kind !== "killed") continue;
      rounds.add(happened.round ?? (entries.find(entry => entry.value[5] >= happened.time) ?? this.series.last)?.round ?? 0);
    }

    return rounds;
  }

  #forget(devices) {
    this.devices = devices;
    this.connected = new Uint8Array(devices);
    this.theta = new Float32Array(0);
    this.cost = new Float32Array(0);
    this.roundTrip = new Float32Array(0);
    this.series = new Decimated(mostPoints, mergeSummaries);
    this.heat = new Decimated(Math.max(64, Math.min(mostHeatColumns, Math.floor(mostHeatCells / Math.max(1, devices)))), (_, later) => later);
    this.events = Object.fromEntries(categories.map(category => [category, []]));
    this.eventCounts = Object.fromEntries(categories.map(category => [category, 0]));
    this.eventOrder = 0;
  }

  #takeEvent(happened, live) {
    if (live && happened.device < this.devices) {
      if (happened.kind === "joined") this.connected[happened.device] = 1;
      if (happened.kind === "left") this.connected[happened.device] = 0;
    }

    const category = categoryOf(happened.kind);
    const list = this.events[category];
    list.push({ ...happened, order: this.eventOrder++ });
    this.eventCounts[category]++;
    if (list.length > mostEvents) list.shift();
  }

  #takeRounds(frame) {
    for (const [round, mean, least, most, cost, , duration, time] of frame.summaries) {
      const seen = time === null ? this.#seenBefore(round, mean) : undefined;
      this.series.push(round, [mean, least, most, cost, seen?.[4] ?? duration, seen?.[5] ?? time]);
      if (duration !== null && !(frame.connected && this.#before.last)) this.durations.push(duration);
    }

    this.durations = this.durations.slice(-recentDurations);
    const theta = decode(frame.theta, Uint16Array);
    frame.thetaRounds.forEach((round, index) => this.heat.push(round, theta.slice(index * this.devices, (index + 1) * this.devices)));
    if (this.heat.last) this.theta = Float32Array.from(this.heat.last.value, value => value / 65535);
    this.cost = decode(frame.lastCost, Float32Array);
    this.roundTrip = decode(frame.lastRoundTrip, Float32Array);
    if (!frame.connected || this.histograms.length === 0) this.#takeRoundTrips(frame);
  }

  #seenBefore(round, mean) {
    const entry = this.#before?.at(round);
    return entry?.round === round && entry.value[0] === mean ? entry.value : undefined;
  }

  #takeRoundTrips(frame) {
    this.histograms.push({ rounds: frame.connected ? 1 : frame.summaries.length, counts: frame.roundTrips });
    let rounds = this.histograms.reduce((sum, entry) => sum + entry.rounds, 0);
    while (this.histograms.length > 1 && rounds - this.histograms[0].rounds >= recentRounds) rounds -= this.histograms.shift().rounds;
  }
}
