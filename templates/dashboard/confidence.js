// How sure the model was: ten bars of its largest output, over the range of time.

import { number, percent } from "./format.js";
import { createPanel } from "./panel.js";
import { hideTip, showTip } from "./tip.js";

const MARGIN = { top: 18, right: 18, bottom: 34, left: 46 };
const BINS = 10;
const EMPTY = "This board tells no confidence. Firmware of this tinyflow does: `tinyflow flash`, then `tinyflow monitor`.";

export function createConfidence() {
  const panel = createPanel({
    id: "confidence",
    title: "Confidence",
    about: "The largest output of each inference in the range, in ten bins",
  });
  const { svg } = panel;
  const rules = svg.append("g").attr("class", "rules");
  const bars = svg.append("g").attr("class", "bars");
  const axisX = svg.append("g").attr("class", "x");
  const axisY = svg.append("g").attr("class", "y");
  const title = svg.append("text").attr("class", "unit").attr("text-anchor", "middle");
  title.text("largest output of an inference");
  const x = d3.scaleLinear().domain([0, 1]);
  const y = d3.scaleLinear();
  let shares = [];
  let counts = [];

  function draw({ board, start, end }) {
    counts = d3.range(BINS).map((bin) =>
      d3.sum(board.growth(`confidence_${bin}`, start, end), ([, grown]) => grown),
    );
    const all = d3.sum(counts);
    if (panel.empty(all > 0 ? null : EMPTY)) return;
    shares = counts.map((count) => count / all);
    const { width, height } = panel;
    svg.attr("width", width);
    x.range([MARGIN.left, width - MARGIN.right]);
    y.domain([0, Math.max(0.1, d3.max(shares))]).nice(4).range([height - MARGIN.bottom, MARGIN.top]);
    title.attr("x", (MARGIN.left + width - MARGIN.right) / 2).attr("y", height - 2);
    axisX
      .attr("transform", `translate(0,${height - MARGIN.bottom})`)
      .call(d3.axisBottom(x).ticks(width > 420 ? BINS : 5, "%").tickSize(4).tickPadding(4));
    axisY
      .attr("transform", `translate(${MARGIN.left},0)`)
      .call(d3.axisLeft(y).ticks(4, "%").tickSize(0).tickPadding(6));
    rules
      .selectAll("line")
      .data(y.ticks(4))
      .join("line")
      .attr("x1", MARGIN.left)
      .attr("x2", width - MARGIN.right)
      .attr("y1", y)
      .attr("y2", y);
    const item = bars.selectAll("g").data(shares).join((enter) => {
      const bar = enter.append("g");
      bar.append("rect").attr("class", "c0");
      bar.append("text").attr("text-anchor", "middle");
      return bar;
    });
    item.each(function (share, bin) {
      const [bar, text] = this.children;
      const left = x(bin / BINS) + 2;
      const wide = x((bin + 1) / BINS) - x(bin / BINS) - 4;
      bar.setAttribute("x", left);
      bar.setAttribute("width", Math.max(1, wide));
      bar.setAttribute("y", y(share));
      bar.setAttribute("height", y(0) - y(share));
      text.setAttribute("x", left + wide / 2);
      text.setAttribute("y", y(share) - 4);
      text.textContent = wide > 34 && share > 0 ? percent(share) : "";
    });
    const mean = d3.sum(shares, (share) => share) ? d3.sum(shares, (s, bin) => s * (bin + 0.5)) / BINS : 0;
    panel.legend([["c0", "mean", `about ${Math.round(mean * 100)} %`], ["", "inferences", number(all)]]);
    panel.describe(`mean about ${Math.round(mean * 100)} % over ${all} inferences`);
    panel.table(["largest output", "inferences", "share"], () =>
      counts.map((count, bin) => [`${bin * 10} to ${bin * 10 + 10} %`, number(count), percent(shares[bin])]),
    );
  }

  function tell(bin, speak) {
    if (!(bin in shares)) return;
    const box = panel.plot.getBoundingClientRect();
    const lines = [
      `${bin * 10} to ${bin * 10 + 10} %`,
      ["c0", "inferences", number(counts[bin])],
      ["", "share", percent(shares[bin])],
    ];
    showTip(box.left + x((bin + 0.5) / BINS), box.top + y(shares[bin]), lines, { speak });
  }

  let at = 0;
  svg
    .on("pointermove", (event) => {
      at = Math.floor(x.invert(d3.pointer(event, svg.node())[0]) * BINS);
      tell(at, false);
    })
    .on("pointerleave blur", hideTip)
    .on("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (event.key === "Escape") hideTip();
      if (!step) return;
      event.preventDefault();
      at = Math.min(BINS - 1, Math.max(0, at + step));
      tell(at, true);
    });

  return { draw };
}
