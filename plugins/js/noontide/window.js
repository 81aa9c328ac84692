// The span of data that a run is about.

/** `from` lies inside, `to` does not. */
export class Window {
  constructor(from, to) {
    this.from = from;
    this.to = to;
  }

  contains(instant) {
    return this.from <= instant && instant < this.to;
  }
}
