// All panels of the page, in the order in which they stand.

import { createArena } from "./arena.js";
import { createConfidence } from "./confidence.js";
import { createLayers } from "./layers.js";
import { createMix } from "./mix.js";
import { createEvents, createFigures } from "./tables.js";
import { createTimeline } from "./timeline.js";

// A board whose counter is no time, such as an emulated one, has counts in its place.
const latency = (board) => (board.has("latency_us") ? "latency_us" : "count");

// What makes a time of a deadline, which is in the unit of the board's counter.
function deadlineFactor(board) {
  if (!board.has("latency_us")) return 1;
  const clock = board.document.hello?.clock_hz;
  return board.unit("deadline") === "nanoseconds" ? 1e-3 : clock ? 1e6 / clock : NaN;
}

const LATENCY = {
  id: "latency",
  title: "Latency",
  about: "What an inference takes, from the board's own histogram since its start",
  empty: "No inference yet. Feed the board, or let `tinyflow monitor --replay` do it.",
  unit: (board) => board.unit(latency(board)),
  lines: (board) => [
    { name: `${latency(board)}_p50`, label: "p50", colour: 0 },
    { name: `${latency(board)}_p99`, label: "p99", colour: 1, part: "high", dash: true },
    { name: "deadline", label: "deadline", colour: 4, limit: true, factor: deadlineFactor(board) },
  ],
  band: (board) => ({
    low: `${latency(board)}_min`,
    high: `${latency(board)}_max`,
    label: "min to max",
    colour: 7,
  }),
};

const THROUGHPUT = {
  id: "throughput",
  title: "Throughput",
  about: "Inferences in a second",
  empty: "No throughput in this range: it takes two heartbeats of `tinyflow monitor`.",
  unit: () => "inferences/s",
  lines: () => [{ name: "throughput", label: "inferences", colour: 2 }],
  zero: true,
};

const DRIFT = {
  id: "drift",
  title: "Drift",
  about: "How far inputs and outputs are from the training data, scored on the board",
  empty: "This board scores no drift. Firmware with a training reference does: `tinyflow deploy`, then `tinyflow monitor`.",
  unit: () => "",
  lines: () => [
    { name: "drift_input", label: "input", colour: 0, part: "high" },
    { name: "drift_input_limit", label: "its limit", colour: 0, limit: true },
    { name: "drift_output", label: "output", colour: 1, part: "high", dash: true },
    { name: "drift_output_limit", label: "its limit", colour: 1, limit: true, dash: true },
  ],
  zero: true,
};

const MEMORY = {
  id: "memory",
  title: "Stack and heap",
  about: "The most of the stack that was ever used, of what there is, and what the heap has left",
  empty: "This board tells nothing of its stack and heap.",
  unit: () => "B",
  lines: () => [
    { name: "stack_used_bytes", label: "stack used", colour: 0 },
    { name: "stack_bytes", label: "of", colour: 0, limit: true },
    { name: "heap_free_bytes", label: "heap free", colour: 2, part: "low" },
  ],
  zero: true,
};

export function createCharts(zoom) {
  return [
    createTimeline(LATENCY, zoom),
    createTimeline(THROUGHPUT, zoom),
    createTimeline(DRIFT, zoom),
    createMix(),
    createConfidence(),
    createTimeline(MEMORY, zoom),
    createLayers(),
    createArena(),
    createEvents(),
    createFigures(),
  ];
}

// The rows whose history a board's charts need, of those that it has.
export function namesFor(board) {
  const fixed = [LATENCY, THROUGHPUT, DRIFT, MEMORY].flatMap(({ lines, band }) => {
    const edges = band?.(board);
    return [...lines(board).map(({ name }) => name), ...(edges ? [edges.low, edges.high] : [])];
  });
  const numbered = ["class", "confidence"].flatMap((stem) =>
    board.numbered(stem).map((index) => `${stem}_${index}`),
  );
  return [...fixed, ...numbered, "class_other"].filter((name) => board.has(name));
}

// Those that a card needs.
export const CARD_NAMES = ["drift_input", "drift_output"];
