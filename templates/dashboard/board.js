// What the page knows of one board in one run. A point is [time, last, mean, least, most].

export const keyOf = ({ run, board, device }) => JSON.stringify([run, board, device]);

const MOST_POINTS = 1200;
const SILENT_SECONDS = 10;
const WRAP_MS = 2 ** 32 - 3_600_000;

export class Board {
  constructor({ run, board, device, first, last }) {
    Object.assign(this, { run, board, device, first, last });
    this.document = {};
    this.latest = new Map();
    this.points = new Map();
    this.marks = [];
    this.wanted = new Set();
  }

  describe({ document, latest, first, last }) {
    this.document = document;
    for (const [name, where, value, unit, time] of latest) {
      this.latest.set(name, { where, value, unit, time });
    }
    this.first = first ?? this.first;
    this.last = Math.max(last ?? 0, this.last ?? 0);
  }

  // Takes a history in; rows that came while it was asked for stay.
  take({ series, marks, end }) {
    for (const [name, points] of Object.entries(series)) {
      this.wanted.add(name);
      const newer = (this.points.get(name) ?? []).filter(([time]) => time > end);
      this.points.set(name, points.concat(newer));
    }
    this.marks = marks.concat(this.marks.filter(({ time }) => time > end));
  }

  // One new row; true where it belongs to what is drawn.
  add(where, name, value, unit, time) {
    const before = this.latest.get(name);
    this.latest.set(name, { where, value, unit, time });
    this.last = Math.max(this.last ?? 0, time);
    this.first ??= time;
    if (name.startsWith("alert_")) {
      const [, rule, end] = name.match(/^alert_(.*?)(_end)?$/);
      this.marks.push({ time, kind: end ? "end" : "alert", name: rule, value, unit });
    }
    if (name === "uptime_ms" && before && value < before.value && before.value < WRAP_MS) {
      const value = this.latest.get("reset_reason")?.value ?? null;
      this.marks.push({ time, kind: "reset", name: "reset", value });
    }
    // A name that nobody has told before has no history but this.
    if (!before) this.wanted.add(name);
    if (!this.wanted.has(name)) return;
    const points = this.points.get(name) ?? [];
    points.push([time, value, value, value, value]);
    this.points.set(name, points);
  }

  // Whether so many rows came in that the server should thin them out anew.
  get isFull() {
    return [...this.points.values()].some((points) => points.length > MOST_POINTS);
  }

  // A board whose rows are kept every so many seconds is not silent in between.
  get silentAfter() {
    return Math.max(SILENT_SECONDS, 2.5 * (this.document.every_seconds ?? 0));
  }

  value(name) {
    return this.latest.get(name)?.value ?? null;
  }

  unit(name) {
    return this.latest.get(name)?.unit ?? "";
  }

  has(name) {
    return this.latest.has(name);
  }

  // The points from `start` to `end`, and the one before, so that a line begins at the edge.
  within(name, start, end) {
    const points = this.points.get(name) ?? [];
    const time = d3.bisector((point) => point[0]);
    const from = Math.max(0, time.left(points, start) - 1);
    return points.slice(from, time.right(points, end));
  }

  // How much a count grew from point to point: [[time, growth]]; a restart begins at 0.
  growth(name, start, end) {
    const points = this.within(name, start, end);
    return points.slice(1).map(([time, value], index) => {
      const before = points[index][1];
      return [time, value >= before ? value - before : value];
    });
  }

  // The numbers of rows called `stem`_0, `stem`_1 and on.
  numbered(stem) {
    const found = [];
    while (this.has(`${stem}_${found.length}`) && found.length < 256) found.push(found.length);
    return found;
  }

  label(index) {
    return this.document.labels?.[index] ?? `class ${index}`;
  }
}
