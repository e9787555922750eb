// The connection to one run: asks for its status, then follows its events; when they break off it asks again until somebody answers.

const leastDelay = 500, mostDelay = 5000;

// The server speaks at least every 10 s. Longer silence is a connection that died without a word.
const longestSilence = 30_000;

export class LiveRun {
  #address;
  #on;
  #delay = leastDelay;
  #wasLive = false;
  #watchdog;

  /** @param path the run's segment of the URL; @param on handlers: status, snapshot, frame, live, lost, end, unknown */
  constructor(path, on) {
    this.#address = `api/runs/${encodeURIComponent(path)}`;
    this.#on = on;
  }

  async start() {
    let response;
    try {
      response = await fetch(this.#address);
    } catch {
      // Nobody answers: the coordinator is away.
      this.#retry();
      return;
    }

    if (response.ok) {
      this.#on.status(await response.json());
      this.#follow();
    } else if (response.status === 404 && !this.#wasLive) {
      this.#on.unknown((await response.json()).error);
    } else {
      // A proxy that does not reach the coordinator says 502, or whatever it likes.
      this.#retry();
    }
  }

  #follow() {
    const source = new EventSource(`${this.#address}/events`);
    const listen = (name, handle) => source.addEventListener(name, message => {
      clearTimeout(this.#watchdog);
      this.#watchdog = setTimeout(() => this.#lose(source), longestSilence);
      handle(message);
    });
    listen("snapshot", message => {
      this.#delay = leastDelay;
      this.#wasLive = true;
      this.#on.live();
      this.#on.snapshot(JSON.parse(message.data));
    });
    listen("frame", message => this.#on.frame(JSON.parse(message.data)));
    listen("idle", () => {});
    listen("end", () => {
      clearTimeout(this.#watchdog);
      source.close();
      this.#on.end();
    });
    source.onerror = () => this.#lose(source);
  }

  #lose(source) {
    clearTimeout(this.#watchdog);
    source.close();
    this.#retry();
  }

  #retry() {
    this.#on.lost();
    setTimeout(() => this.start(), this.#delay * (0.75 + 0.5 * Math.random()));
    this.#delay = Math.min(2 * this.#delay, mostDelay);
  }
}
