// The boards of the run: how each is, its drift against the limit, and a button to look at it.

import { duration, withUnit } from "./format.js";
import { element } from "./panel.js";

const WIDTH = 200;
const HEIGHT = 34;

const area = document.getElementById("boards");

// Both scores as shares of their limits, so that one line is the limit of both.
function drift(board, start, end) {
  const found = ["input", "output"].flatMap((what) => {
    const limit = board.value(`drift_${what}_limit`);
    if (!limit) return [];
    const points = board.within(`drift_${what}`, start, end);
    return [{ what, points: points.map(([time, , mean]) => [time, mean / limit]) }];
  });
  return found.filter(({ points }) => points.length);
}

function sparkline(svg, board, start, end) {
  const lines = drift(board, start, end);
  const most = Math.max(1.25, d3.max(lines, ({ points }) => d3.max(points, ([, share]) => share)) ?? 0);
  const x = d3.scaleLinear([start, end], [0, WIDTH]);
  const y = d3.scaleLinear([0, most], [HEIGHT - 1, 1]);
  svg.selectAll("line.limit").data(lines.length ? [1] : []).join("line").attr("class", "limit")
    .attr("x1", 0).attr("x2", WIDTH).attr("y1", y).attr("y2", y);
  svg.selectAll("path").data(lines).join("path")
    .attr("class", ({ what }) => (what === "input" ? "c0" : "c1 dash"))
    .attr("d", ({ points }) => d3.line()
      .x(([time]) => x(Math.max(start, time)))
      .y(([, share]) => y(Math.min(most, share)))(points));
}

// Its state: a word, and a class with a form of its own.
function stateOf(board, now) {
  const shares = drift(board, -Infinity, Infinity).map(({ points }) => points.at(-1)[1]);
  const drifting = shares.some((share) => share > 1);
  const gone = board.value("connected") === 0;
  const silent = gone || now - board.last > board.silentAfter;
  const said = gone ? "gone" : silent ? `silent ${duration(now - board.last)}` : "alive";
  return [
    `${silent ? "silent" : "alive"} ${drifting ? "drifting" : ""}`,
    drifting ? "drifts" : said,
  ];
}

function fill(card, board, { start, end, now, chosen }) {
  const [state, words] = stateOf(board, now);
  const alerts = board.marks.filter(({ kind, time }) => kind === "alert" && time >= start).length;
  const rate = board.has("latency_us_p50") ? "latency_us_p50" : "count_p50";
  card.setAttribute("aria-pressed", String(chosen));
  const scored = board.has("drift_input") || board.has("drift_output");
  card.className = `card ${state}${scored ? "" : " undrawn"}`;
  const [head, device, svg, figures] = card.children;
  head.lastChild.textContent = board.board;
  device.firstChild.textContent = board.device || "\u00a0";
  device.lastChild.textContent = words;
  sparkline(d3.select(svg), board, start, end);
  const [left, middle, right] = figures.children;
  left.textContent = withUnit(board.value(rate), board.unit(rate));
  middle.textContent = withUnit(board.value("throughput"), "inferences/s");
  right.textContent = alerts ? `▲ ${alerts}` : "";
  card.title = `${board.board} ${board.device}: ${words}, ${alerts} alerts`;
}

function make(choose) {
  const card = element("button", "card");
  card.type = "button";
  const head = element("span", "name");
  head.append(element("span", "dot"), document.createTextNode(""));
  const svg = d3.create("svg").attr("viewBox", `0 0 ${WIDTH} ${HEIGHT}`).attr("preserveAspectRatio", "none")
    .attr("aria-hidden", "true").node();
  const figures = element("span", "figures");
  figures.append(element("span"), element("span"), element("span", "alerts"));
  const device = element("span", "device");
  device.append(element("span"), element("span", "words"));
  card.append(head, device, svg, figures);
  card.addEventListener("click", () => choose(card.board));
  return card;
}

// Shows `boards`, of which one is `chosen`; `choose` is called with another.
export function drawCards(boards, chosen, view, choose) {
  while (area.children.length < boards.length) area.append(make(choose));
  while (area.children.length > boards.length) area.lastChild.remove();
  boards.forEach((board, index) => {
    const card = area.children[index];
    card.board = board;
    fill(card, board, { ...view, chosen: board === chosen });
  });
}
