// What the model said: the share of each class over time, from how much its count grew.

import { cursor } from "./cursor.js";
import { clock, number, percent, timeAxis } from "./format.js";
import { createPanel } from "./panel.js";
import { hideTip, showTip } from "./tip.js";

const MARGIN = { top: 8, right: 12, bottom: 22, left: 46 };
const COLOURS = 7;
const BINS = 40;
const EMPTY = "No class counts in this range. They come with every inference: `tinyflow monitor` feeds an emulated board by itself.";

export function createMix() {
  const panel = createPanel({
    id: "mix",
    title: "Class mix",
    about: "The share of each class in the inferences of each stretch of time",
  });
  const { svg } = panel;
  const bars = svg.append("g").attr("class", "stack");
  const axisX = svg.append("g").attr("class", "x");
  const axisY = svg.append("g").attr("class", "y");
  const x = d3.scaleTime();
  const y = d3.scaleLinear().domain([0, 1]);
  // Which classes have a colour: chosen once for a board, so that colours do not change.
  let chosen = { key: null, order: [] };
  let stretches = [];
  let classes = [];

  function choose(board, totals, names) {
    const key = `${board.run} ${board.board} ${board.device} ${names.length}`;
    if (chosen.key !== key) {
      const order = d3.sort(d3.range(names.length), (index) => -totals[index]);
      const told = names.length <= COLOURS + 1 ? names.length : COLOURS;
      chosen = { key, order: order.slice(0, told).sort(d3.ascending) };
    }
  }

  function draw({ board, start, end }) {
    const numbers = board.numbered("class");
    const names = numbers.map((index) => [`class_${index}`, board.label(index)]);
    if (board.has("class_other") && board.value("class_other") > 0) names.push(["class_other", "beyond"]);
    const growth = names.map(([name]) => board.growth(name, start, end));
    const totals = growth.map((steps) => d3.sum(steps, ([, grown]) => grown));
    const all = d3.sum(totals);
    if (panel.empty(all > 0 ? null : EMPTY)) return;
    choose(board, totals, names);
    const seen = (index) => totals[index] > 0;
    const rest = d3.range(names.length).filter((index) => seen(index) && !chosen.order.includes(index));
    classes = chosen.order
      .map((index, place) => ({ label: names[index][1], colour: place, members: [index] }))
      .filter(({ members }) => seen(members[0]));
    if (rest.length) classes.push({ label: `${rest.length} others`, colour: 7, members: rest });

    // A bar stands for two heartbeats or more, so that none is empty between others.
    const beats = growth[0].length;
    const bins = Math.max(1, Math.min(BINS, beats < 6 ? beats : Math.floor(beats / 2)));
    const width = (end - start) / bins || 1;
    const sums = d3.range(bins).map(() => classes.map(() => 0));
    classes.forEach(({ members }, place) => {
      for (const [time, grown] of members.flatMap((index) => growth[index])) {
        if (time < start) continue;
        sums[Math.min(bins - 1, Math.floor((time - start) / width))][place] += grown;
      }
    });
    stretches = sums.map((values, bin) => {
      const total = d3.sum(values);
      let base = 0;
      const parts = values.map((value, place) => {
        const share = total ? value / total : 0;
        base += share;
        return { share, y0: base - share, y1: base, place };
      });
      return { from: start + bin * width, to: start + (bin + 1) * width, total, parts };
    });
    x.domain([start * 1000, end * 1000]).range([MARGIN.left, panel.width - MARGIN.right]);
    y.range([panel.height - MARGIN.bottom, MARGIN.top]);
    paint();
    const shares = classes.map(({ members }) => d3.sum(members, (index) => totals[index]) / all);
    panel.legend(classes.map(({ label, colour }, at) => [`c${colour}`, label, percent(shares[at])]));
    const most = d3.greatestIndex(shares);
    panel.describe(`most often ${classes[most].label}, ${percent(shares[most])} of ${number(all)} inferences`);
    panel.table(["class", "inferences", "share"], () =>
      names.map(([, label], index) => [label, number(totals[index]), percent(totals[index] / all)]),
    );
  }

  function paint() {
    const { width, height } = panel;
    svg.attr("width", width);
    axisX
      .attr("transform", `translate(0,${height - MARGIN.bottom})`)
      .call(timeAxis(x));
    axisY
      .attr("transform", `translate(${MARGIN.left},0)`)
      .call(d3.axisLeft(y).ticks(4, "%").tickSize(0).tickPadding(6));
    bars
      .selectAll("g")
      .data(stretches)
      .join("g")
      .attr("transform", ({ from }) => `translate(${x(from * 1000)},0)`)
      .each(function ({ from, to, parts }) {
        const wide = Math.max(0.5, x(to * 1000) - x(from * 1000) - 0.4);
        d3.select(this)
          .selectAll("rect")
          .data(parts)
          .join("rect")
          .attr("class", ({ place }) => `c${classes[place].colour}`)
          .attr("width", wide)
          .attr("y", ({ y1 }) => y(y1))
          .attr("height", ({ y0, y1 }) => Math.max(0, y(y0) - y(y1) - 0.5));
      });
  }

  function tell(index, speak) {
    const stretch = stretches[index];
    if (!stretch) return;
    const box = panel.plot.getBoundingClientRect();
    const middle = (stretch.from + stretch.to) / 2;
    const lines = stretch.parts
      .filter(({ share }) => share > 0)
      .map(({ share, place }) => [`c${classes[place].colour}`, classes[place].label, percent(share)])
      .reverse();
    cursor.set(middle);
    const head = `${clock(stretch.from)} to ${clock(stretch.to)}, ${number(stretch.total)} inferences`;
    showTip(box.left + x(middle * 1000), box.top + box.height / 2, [head, ...lines], { speak });
  }

  let at = BINS - 1;
  svg
    .on("pointermove", (event) => {
      const time = x.invert(d3.pointer(event, svg.node())[0]).getTime() / 1000;
      at = stretches.findIndex(({ from, to }) => time >= from && time <= to);
      if (at >= 0) tell(at, false);
    })
    .on("pointerleave blur", () => {
      cursor.set(null);
      hideTip();
    })
    .on("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (event.key === "Escape") hideTip();
      if (!step) return;
      event.preventDefault();
      at = Math.min(stretches.length - 1, Math.max(0, at + step));
      tell(at, true);
    });

  return { draw };
}
