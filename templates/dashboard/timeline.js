// A chart over time: lines, a band between two of them, limits, alerts and restarts.

import { cursor } from "./cursor.js";
import { clock, moment, scaleOf, timeAxis, withUnit } from "./format.js";
import { drawMarks, marksNear } from "./marks.js";
import { createPanel } from "./panel.js";
import { hideTip, showTip } from "./tip.js";

const MARGIN = { top: 18, right: 12, bottom: 22, left: 46 };
const PART = { last: 1, mean: 2, low: 3, high: 4 };
const LEAST_DRAG = 6;
// How far above the lines a band is drawn, in heights of what is below.
const CUT = 0.6;

// Splits points where the board was silent for much longer than usual.
function unbroken(points) {
  if (points.length < 3) return [points];
  const steps = points.slice(1).map((point, index) => point[0] - points[index][0]);
  const most = Math.max(6, 4 * d3.median(steps));
  const runs = [[points[0]]];
  points.slice(1).forEach((point, index) => {
    if (steps[index] > most) runs.push([]);
    runs.at(-1).push(point);
  });
  return runs;
}

// `spec` has a panel's fields, and for a board: lines(board) -> [{ name, label, colour, part,
// dash, limit, factor }], band(board) -> { low, high, label, colour } or null, unit(board), empty, zero.
// `zoom(from, to)` is called with the range that is drawn out; null is back to the whole.
export function createTimeline(spec, zoom) {
  const panel = createPanel(spec);
  const { svg } = panel;
  const layer = Object.fromEntries(
    ["rules", "band", "limits", "lines", "marks", "x", "y", "unit", "cursor", "drag", "reach"].map(
      (name) => [name, svg.append(name === "unit" ? "text" : "g").attr("class", name)],
    ),
  );
  const cursorLine = layer.cursor.append("line");
  const dragged = layer.drag.append("rect").attr("y", MARGIN.top);
  const reach = layer.reach.append("rect").attr("fill", "none").attr("pointer-events", "all");
  layer.unit.attr("x", MARGIN.left - 6).attr("y", 10).attr("text-anchor", "end");
  const x = d3.scaleTime();
  const y = d3.scaleLinear();
  let shown = { lines: [], view: null };

  function draw(view) {
    const { board, start, end } = view;
    const lines = spec.lines(board).filter(({ name, factor }) => board.has(name) && !Number.isNaN(factor));
    const data = lines.map((line) => {
      const found = board.within(line.name, start, end);
      const by = line.factor ?? 1;
      const points = by === 1 ? found : found.map(([time, ...rest]) => [time, ...rest.map((v) => v * by)]);
      return { ...line, points, index: PART[line.part ?? "mean"] };
    });
    shown = { lines: data, view };
    if (panel.empty(data.some(({ points }) => points.length) ? null : spec.empty)) return;
    const { width, height } = panel;
    svg.attr("width", width);
    x.domain([start * 1000, end * 1000]).range([MARGIN.left, width - MARGIN.right]);
    y.range([height - MARGIN.bottom, MARGIN.top]);
    const band = bandOf(board, start, end);
    const values = data.flatMap(({ points, index }) => points.map((point) => point[index]));
    const [low, high] = heights(values, band);
    const room = (high - low || Math.abs(high) || 1) * 0.06;
    const unit = spec.unit(board);
    const { divisor, name } = scaleOf(unit, high);
    // Ticks are round in the unit that is read, which for bytes is another one.
    const least = spec.zero || low - room < 0 ? Math.min(0, low) : low - room;
    const round = d3.scaleLinear([least / divisor, (high + room) / divisor], [0, 1]).nice(5);
    y.domain(round.domain().map((value) => value * divisor));
    axes(divisor, round.ticks(5));
    layer.unit.text(name);
    drawBand(band);
    drawLines(data);
    drawMarks(layer.marks, board.marks, x, MARGIN.top, height - MARGIN.bottom);
    reach
      .attr("x", MARGIN.left)
      .attr("width", Math.max(0, width - MARGIN.left - MARGIN.right))
      .attr("height", height);
    moveCursor(cursor.time);
    const newest = data.map((line) => {
      const value = line.points.at(-1)?.[line.index];
      return [line, value === undefined ? "–" : withUnit(value, unit)];
    });
    panel.legend([
      ...newest.map(([line, value]) => [
        `c${line.colour}${line.limit ? " limit" : ""}${line.dash ? " dash" : ""}`,
        line.label,
        value,
      ]),
      ...(band?.points.length ? [[`c${band.colour} area`, band.label, bandText(band, unit)]] : []),
    ]);
    const said = newest.map(([line, value]) => `${line.label} ${value}`);
    panel.describe(`${said.join(", ")}. Arrow keys move through time.`);
    panel.table(["time", ...data.map(({ label }) => label)], () => tableRows(data, unit));
  }

  function bandOf(board, start, end) {
    const wanted = spec.band?.(board);
    if (!wanted || !board.has(wanted.low) || !board.has(wanted.high)) return null;
    const top = new Map(board.within(wanted.high, start, end).map((point) => [point[0], point]));
    const points = board
      .within(wanted.low, start, end)
      .filter(([time]) => top.has(time))
      .map((point) => [point[0], point[PART.low], top.get(point[0])[PART.high]]);
    return { ...wanted, points };
  }

  // From where to where the axis goes. One slow inference must not press all else flat: where the
  // band's edge is far above the lines, it is cut off.
  function heights(values, band) {
    const [low, high] = d3.extent(values);
    const top = d3.max(band?.points ?? [], (point) => point[2]) ?? high;
    const bottom = d3.min(band?.points ?? [], (point) => point[1]) ?? low;
    return [Math.min(low, bottom), Math.max(high, Math.min(top, high + CUT * (high - bottom)))];
  }

  function bandText({ points }, unit) {
    const [, low, high] = points.at(-1);
    return `${withUnit(low, unit)} to ${withUnit(high, unit)}`;
  }

  function axes(divisor, read) {
    const { width, height } = panel;
    const ticks = read.map((value) => value * divisor);
    const digits = d3.precisionFixed(read[1] - read[0] || 1);
    layer.x
      .attr("transform", `translate(0,${height - MARGIN.bottom})`)
      .call(timeAxis(x));
    layer.y
      .attr("transform", `translate(${MARGIN.left},0)`)
      .call(
        d3.axisLeft(y).tickValues(ticks).tickSize(0).tickPadding(6)
          .tickFormat((value) => (value / divisor).toFixed(digits)),
      );
    layer.rules
      .selectAll("line")
      .data(ticks)
      .join("line")
      .attr("x1", MARGIN.left)
      .attr("x2", width - MARGIN.right)
      .attr("y1", y)
      .attr("y2", y);
  }

  const inside = (value) => Math.max(MARGIN.top - 6, y(value));
  const edge = (time) => Math.max(MARGIN.left, x(time * 1000));

  function drawBand(band) {
    const area = d3.area().x((p) => edge(p[0])).y0((p) => inside(p[1])).y1((p) => inside(p[2]));
    layer.band
      .selectAll("path")
      .data(band ? unbroken(band.points) : [])
      .join("path")
      .attr("class", band ? `c${band.colour}` : "")
      .attr("d", area);
  }

  function drawLines(data) {
    for (const [group, limit] of [["lines", false], ["limits", true]]) {
      layer[group]
        .selectAll("g")
        .data(data.filter((line) => Boolean(line.limit) === limit))
        .join("g")
        .attr("class", ({ colour, dash }) => `c${colour}${dash ? " dash" : ""}`)
        .each(function ({ points, index }) {
          const line = d3.line().x((p) => edge(p[0])).y((p) => inside(p[index]));
          d3.select(this).selectAll("path").data(unbroken(points)).join("path").attr("d", line);
          // A run of one point has no length: it is drawn as a dot.
          d3.select(this)
            .selectAll("circle")
            .data(unbroken(points).filter((run) => run.length === 1).map(([point]) => point))
            .join("circle")
            .attr("r", 2)
            .attr("cx", (p) => edge(p[0]))
            .attr("cy", (p) => inside(p[index]));
        });
    }
  }

  function tableRows(data, unit) {
    const times = [...new Set(data.flatMap(({ points }) => points.map(([time]) => time)))].sort(d3.ascending);
    const at = data.map(({ points, index }) => new Map(points.map((p) => [p[0], p[index]])));
    return times.map((time) => [
      moment(time),
      ...at.map((values) => (values.has(time) ? withUnit(values.get(time), unit) : "")),
    ]);
  }

  // The points of the longest line: those that the cursor stops at.
  const stops = () =>
    shown.lines.reduce((most, { points }) => (points.length > most.length ? points : most), []);

  function nearest(time) {
    const points = stops();
    const index = d3.bisector((point) => point[0]).center(points, time);
    return points[index]?.[0] ?? null;
  }

  function moveCursor(time) {
    const seen = time !== null && shown.view && time >= shown.view.start && time <= shown.view.end;
    cursorLine.attr("visibility", seen ? "visible" : "hidden");
    if (!seen) return;
    const place = x(time * 1000);
    cursorLine.attr("x1", place).attr("x2", place);
    cursorLine.attr("y1", MARGIN.top).attr("y2", panel.height - MARGIN.bottom);
  }

  function tell(time, speak) {
    const { view } = shown;
    if (time === null || !view) return;
    const unit = spec.unit(view.board);
    const lines = shown.lines.map(({ points, index, label, colour }) => {
      const point = points[d3.bisector((p) => p[0]).center(points, time)];
      return [`c${colour}`, label, point ? withUnit(point[index], unit) : "–"];
    });
    const width = (view.end - view.start) / 100;
    const box = panel.plot.getBoundingClientRect();
    const marks = marksNear(view.board.marks, time, width);
    showTip(box.left + x(time * 1000), box.top + box.height / 2, [clock(time), ...lines, ...marks], {
      speak,
    });
  }

  cursor.watch((time) => moveCursor(time));

  let from = null;
  const placeOf = (event) => d3.pointer(event, svg.node())[0];
  const timeAt = (place) => x.invert(place).getTime() / 1000;
  reach
    .on("pointermove", (event) => {
      const place = placeOf(event);
      if (from !== null) {
        dragged
          .attr("visibility", Math.abs(place - from) > LEAST_DRAG ? "visible" : "hidden")
          .attr("x", Math.min(from, place))
          .attr("width", Math.abs(place - from))
          .attr("height", panel.height - MARGIN.top - MARGIN.bottom);
      }
      const time = nearest(timeAt(place));
      cursor.set(time);
      tell(time, false);
    })
    .on("pointerdown", (event) => {
      if (event.pointerType !== "mouse" || event.button !== 0) return;
      from = placeOf(event);
      reach.node().setPointerCapture(event.pointerId);
    })
    .on("pointerup pointercancel", (event) => {
      const to = placeOf(event);
      if (event.type === "pointerup" && from !== null && Math.abs(to - from) > LEAST_DRAG) {
        zoom(timeAt(Math.min(from, to)), timeAt(Math.max(from, to)));
      }
      from = null;
      dragged.attr("visibility", "hidden");
    })
    .on("dblclick", () => zoom(null, null))
    .on("pointerleave", () => {
      cursor.set(null);
      hideTip();
    });
  svg
    .on("keydown", (event) => {
      const points = stops();
      if (!points.length) return;
      const at = d3.bisector((p) => p[0]).center(points, cursor.time ?? points.at(-1)[0]);
      const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[event.key];
      const to = { Home: 0, End: points.length - 1 }[event.key] ?? (step ? at + step : null);
      if (event.key === "Escape") {
        cursor.set(null);
        hideTip();
      }
      if (to === null) return;
      event.preventDefault();
      const time = points[Math.min(points.length - 1, Math.max(0, to))][0];
      cursor.set(time);
      tell(time, true);
    })
    .on("blur", () => {
      cursor.set(null);
      hideTip();
    });

  return { draw };
}
