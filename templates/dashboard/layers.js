// What each layer of an inference takes: a bar for each, in the order in which they run.

import { number, percent, withUnit } from "./format.js";
import { colourOf } from "./operators.js";
import { createPanel } from "./panel.js";
import { hideTip, showTip } from "./tip.js";

const ROW = 22;
const MARGIN = { top: 6, right: 112, bottom: 4 };
const NARROW = 480;
const EMPTY = "No layer was measured in this run. The monitor asks the board for its layers when it begins: `tinyflow monitor`.";

export function createLayers() {
  const panel = createPanel({
    id: "layers",
    title: "Layers",
    about: "What each layer takes, measured once at the start of the run",
    className: "tall",
  });
  const { svg } = panel;
  const list = svg.append("g");
  const x = d3.scaleLinear();
  let rows = [];
  let unit = "";
  let left = 0;

  function draw({ board }) {
    const told = new Map((board.document.layers ?? []).map((layer) => [layer.index, layer]));
    const found = [...board.latest]
      .map(([name, { value, unit }]) => [name.match(/^layer_(\d+)_count$/), value, unit])
      .filter(([match]) => match);
    if (panel.empty(found.length ? null : EMPTY)) return;
    unit = found[0][2];
    rows = found
      .map(([match, value]) => ({ op: "layer", name: "", ...told.get(+match[1]), index: +match[1], value }))
      .sort((a, b) => a.index - b.index);
    const all = d3.sum(rows, ({ value }) => value) || 1;
    for (const row of rows) row.share = row.value / all;

    const { width } = panel;
    panel.setHeight(Math.max(120, MARGIN.top + MARGIN.bottom + rows.length * ROW));
    svg.attr("width", width);
    const narrow = width < NARROW;
    left = narrow ? 164 : 180;
    const most = d3.greatest(rows, ({ value }) => value);
    x.domain([0, most.value || 1]).range([0, width - left - (narrow ? 46 : MARGIN.right)]);
    list
      .selectAll("g")
      .data(rows)
      .join((enter) => {
        const row = enter.append("g");
        row.append("rect").attr("class", "under").attr("height", ROW);
        row.append("text").attr("class", "index").attr("y", 15).attr("text-anchor", "end");
        row.append("text").attr("y", 15);
        row.append("rect").attr("y", 4).attr("height", ROW - 8).attr("rx", 2);
        row.append("text").attr("y", 15).attr("class", "figure");
        row.append("text").attr("y", 15).attr("class", "figure").attr("text-anchor", "end");
        return row;
      })
      .attr("class", "row")
      .attr("transform", (_, at) => `translate(0,${MARGIN.top + at * ROW})`)
      .each(function (row) {
        const [under, index, name, bar, share, figure] = this.children;
        under.setAttribute("width", width);
        index.setAttribute("x", 20);
        index.textContent = row.index;
        name.setAttribute("x", 28);
        name.textContent = row.op;
        bar.setAttribute("class", colourOf(row.op));
        bar.setAttribute("x", left);
        bar.setAttribute("width", Math.max(row.value > 0 ? 1 : 0, x(row.value)));
        share.setAttribute("x", left + x(row.value) + 6);
        share.textContent = percent(row.share);
        figure.setAttribute("x", width - 4);
        figure.textContent = narrow ? "" : withUnit(row.value, unit).replace(unit, "").trim();
      });
    panel.legend([["", "all layers", withUnit(all, unit)], ["", "MACs", number(d3.sum(rows, (row) => row.macs ?? 0))]]);
    panel.describe(`layer ${most.index} ${most.op} takes most, ${percent(most.share)} of ${withUnit(all, unit)}`);
    panel.table(["#", "operator", "name", unit, "share", "MACs", "output, B"], () =>
      rows.map((row) => [
        row.index, row.op, row.name, number(row.value), percent(row.share),
        number(row.macs), number(row.output_bytes),
      ].map(String)),
    );
  }

  function tell(at, speak) {
    const row = rows[at];
    if (!row) return;
    if (speak) {
      // A long list scrolls along.
      const top = MARGIN.top + at * ROW;
      const { scrollTop, clientHeight } = panel.plot;
      if (top < scrollTop) panel.plot.scrollTop = top;
      else if (top + ROW > scrollTop + clientHeight) panel.plot.scrollTop = top + ROW - clientHeight;
    }
    const box = svg.node().getBoundingClientRect();
    const lines = [
      `${row.index} ${row.op}`,
      ...(row.name ? [row.name] : []),
      [colourOf(row.op), "takes", `${withUnit(row.value, unit)}, ${percent(row.share)}`],
      ...(row.macs ? [["", "MACs", `${number(row.macs)}, ${number(row.value / row.macs)} ${unit} each`]] : []),
      ...(row.output_bytes ? [["", "output", `${number(row.output_bytes)} B`]] : []),
    ];
    showTip(box.left + left + x(row.value) / 2, box.top + MARGIN.top + (at + 0.5) * ROW, lines, { speak });
    list.selectAll("g").classed("is-at", (_, index) => index === at);
  }

  function leave() {
    hideTip();
    list.selectAll("g").classed("is-at", false);
  }

  let at = -1;
  svg
    .on("pointermove", (event) => {
      at = Math.floor((d3.pointer(event, svg.node())[1] - MARGIN.top) / ROW);
      tell(at, false);
    })
    .on("pointerleave blur", leave)
    .on("keydown", (event) => {
      const step = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1 }[event.key];
      if (event.key === "Escape") leave();
      if (!step) return;
      event.preventDefault();
      at = Math.min(rows.length - 1, Math.max(0, at + step));
      tell(at, true);
    });

  return { draw };
}
