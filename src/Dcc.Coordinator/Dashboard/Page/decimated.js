// A history by round whose length is bounded: when it is full, neighbours become one, and from then on rounds come in twice as large groups.

export class Decimated {
  #limit;
  #merge;
  #stride = 1;

  /** @param limit most entries; @param merge makes one value of an earlier and a later one */
  constructor(limit, merge) {
    this.#limit = limit;
    this.#merge = merge;
    this.entries = [];
  }

  /** The last entry, or undefined. */
  get last() { return this.entries.at(-1); }

  /** Adds a round later than all before. */
  push(round, value) {
    const last = this.last;
    if (last && round - last.first < this.#stride) {
      last.round = round;
      last.value = this.#merge(last.value, value);
      return;
    }

    this.entries.push({ first: round, round, value });
    if (this.entries.length > this.#limit) this.#halve();
  }

  /** The entry that holds a round, or the next one. */
  at(round) {
    let low = 0, high = this.entries.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.entries[middle].round < round) low = middle + 1; else high = middle;
    }

    return this.entries[low];
  }

  #halve() {
    this.#stride *= 2;
    const halved = [];
    for (let i = 0; i < this.entries.length; i += 2) {
      const [one, other] = [this.entries[i], this.entries[i + 1]];
      halved.push(other ? { first: one.first, round: other.round, value: this.#merge(one.value, other.value) } : one);
    }

    this.entries = halved;
  }
}
