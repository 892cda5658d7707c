// The arena over the time of an inference: layers from left to right, addresses upwards.

import { number, percent } from "./format.js";
import { colourOf } from "./operators.js";
import { createPanel } from "./panel.js";
import { hideTip, showTip } from "./tip.js";

const MARGIN = { top: 18, right: 12, bottom: 36, left: 56 };
const CHARACTER = 6.4;
const EMPTY = "The map of the arena is not known for this run. The monitor writes it down when it begins: `tinyflow monitor`.";

export function createArena() {
  const panel = createPanel({
    id: "arena",
    title: "Arena",
    about: "Where each tensor lies in the arena, and between which layers it is needed",
    height: 300,
    className: "tall",
  });
  const { svg } = panel;
  const rules = svg.append("g").attr("class", "rules");
  const column = svg.append("rect").attr("class", "under").attr("visibility", "hidden");
  const list = svg.append("g").attr("class", "tensors");
  const top = svg.append("g").attr("class", "limits");
  top.append("line");
  const axisX = svg.append("g").attr("class", "x");
  const axisY = svg.append("g").attr("class", "y");
  const unit = svg.append("text").attr("class", "unit").text("B").attr("text-anchor", "end");
  const title = svg.append("text").attr("class", "unit").attr("text-anchor", "middle");
  title.text("layer");
  const x = d3.scaleBand().paddingInner(0.04);
  const y = d3.scaleLinear();
  let tensors = [];
  let layers = [];
  let drawn = null;

  function draw({ board }) {
    tensors = board.document.arena ?? [];
    if (panel.empty(tensors.length ? null : EMPTY)) return;
    layers = board.document.layers ?? [];
    const { width, height } = panel;
    // Nothing here changes during a run: it is drawn again for another board or width alone.
    const now = `${board.run} ${board.board} ${board.device} ${width} ${tensors.length}`;
    if (now === drawn) return;
    drawn = now;
    const bytes = Math.max(board.document.arena_bytes ?? 0, d3.max(tensors, (t) => t.offset + t.bytes));
    const last = Math.max(layers.length - 1, d3.max(tensors, (tensor) => tensor.last));
    svg.attr("width", width);
    x.domain(d3.range(last + 1)).range([MARGIN.left, width - MARGIN.right]);
    y.domain([0, bytes]).range([height - MARGIN.bottom, MARGIN.top]);
    const every = Math.ceil((last + 1) / ((width - MARGIN.left) / 30));
    axisX
      .attr("transform", `translate(0,${height - MARGIN.bottom})`)
      .call(d3.axisBottom(x).tickValues(x.domain().filter((index) => index % every === 0)).tickSize(0).tickPadding(7));
    const ticks = y.ticks(5).filter((value) => Math.abs(y(value) - y(bytes)) > 14);
    axisY
      .attr("transform", `translate(${MARGIN.left},0)`)
      .call(d3.axisLeft(y).tickValues([...ticks, bytes]).tickFormat(number).tickSize(0).tickPadding(6));
    rules.selectAll("line").data(ticks).join("line")
      .attr("x1", MARGIN.left).attr("x2", width - MARGIN.right).attr("y1", y).attr("y2", y);
    top.select("line")
      .attr("x1", MARGIN.left).attr("x2", width - MARGIN.right).attr("y1", y(bytes)).attr("y2", y(bytes));
    unit.attr("x", MARGIN.left - 6).attr("y", 10);
    title.attr("x", (MARGIN.left + width - MARGIN.right) / 2).attr("y", height - 3);
    column.attr("y", MARGIN.top).attr("height", height - MARGIN.top - MARGIN.bottom).attr("width", x.bandwidth());
    list
      .selectAll("g")
      .data(tensors)
      .join((enter) => {
        const group = enter.append("g");
        group.append("rect").attr("rx", 2);
        group.append("text").attr("text-anchor", "middle");
        return group;
      })
      .attr("class", (tensor) => `tensor ${colour(tensor)}${isScratch(tensor) ? " scratch" : ""}`)
      .each(function (tensor) {
        const [box, text] = this.children;
        const left = x(tensor.first);
        const wide = x(tensor.last) + x.bandwidth() - left;
        const high = Math.max(1, y(tensor.offset) - y(tensor.offset + tensor.bytes) - 1);
        box.setAttribute("x", left);
        box.setAttribute("width", wide);
        box.setAttribute("y", y(tensor.offset + tensor.bytes) + 0.5);
        box.setAttribute("height", high);
        text.setAttribute("x", left + wide / 2);
        text.setAttribute("y", y(tensor.offset + tensor.bytes / 2) + 4);
        const fits = high > 13 && tensor.name.length * CHARACTER + 8 < wide;
        text.textContent = fits ? tensor.name : "";
      });
    const busiest = d3.greatest(x.domain(), used);
    panel.legend([["limit", "arena", `${number(bytes)} B`], ["", `most used at layer ${busiest}`, `${number(used(busiest))} B`]]);
    panel.describe(`${tensors.length} tensors in ${number(bytes)} B, most used at layer ${busiest}, ${number(used(busiest))} B`);
    panel.table(["tensor", "from, B", "bytes", "first layer", "last layer"], () =>
      tensors.map((t) => [t.name, number(t.offset), number(t.bytes), String(t.first), String(t.last)]),
    );
  }

  const isScratch = ({ name }) => name.startsWith("scratch");
  const at = (layer) => tensors.filter(({ first, last }) => first <= layer && layer <= last);
  const used = (layer) => d3.sum(at(layer), ({ bytes }) => bytes);
  // A tensor has the colour of the operator that writes it.
  const colour = ({ name, first }) =>
    isScratch({ name }) || name === "input" ? "c7" : colourOf(layers[first]?.op);

  function tell(tensor, speak) {
    const { name, offset, bytes, first, last } = tensor;
    const left = (x(first) + x(last) + x.bandwidth()) / 2;
    const box = panel.plot.getBoundingClientRect();
    const lines = [
      name,
      [colour(tensor), "bytes", number(bytes)],
      ["", "address", `${number(offset)} to ${number(offset + bytes)}`],
      ["", "needed", first === last ? `by layer ${first}` : `from layer ${first} to ${last}`],
      ...(layers[first] ? [["", "first", `${layers[first].op} ${layers[first].name ?? ""}`]] : []),
      ...(tensor.slow ? [["", "memory", "slow"]] : []),
    ];
    showTip(box.left + left, box.top + y(offset + bytes / 2), lines, { speak });
    list.selectAll("g").classed("is-at", (item) => item === tensor);
  }

  function tellLayer(layer) {
    const box = panel.plot.getBoundingClientRect();
    const most = y.domain()[1];
    const lines = [
      `layer ${layer} ${layers[layer]?.op ?? ""}`,
      ["", "used", `${number(used(layer))} B, ${percent(used(layer) / most)}`],
      ["", "tensors", String(at(layer).length)],
    ];
    showTip(box.left + x(layer) + x.bandwidth(), box.top + MARGIN.top + 40, lines);
    list.selectAll("g").classed("is-at", false);
  }

  function leave() {
    hideTip();
    column.attr("visibility", "hidden");
    list.selectAll("g").classed("is-at", false);
  }

  let chosen = -1;
  svg
    .on("pointermove", (event) => {
      const [px, py] = d3.pointer(event, svg.node());
      const layer = x.domain().find((index) => px >= x(index) && px <= x(index) + x.step());
      if (layer === undefined || !tensors.length) {
        leave();
        return;
      }
      column.attr("visibility", "visible").attr("x", x(layer));
      const byte = y.invert(py);
      const tensor = at(layer).find(({ offset, bytes }) => offset <= byte && byte < offset + bytes);
      if (tensor) tell(tensor, false);
      else tellLayer(layer);
    })
    .on("pointerleave blur", leave)
    .on("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
      if (event.key === "Escape") leave();
      if (!step || !tensors.length) return;
      event.preventDefault();
      chosen = Math.min(tensors.length - 1, Math.max(0, chosen + step));
      tell(tensors[chosen], true);
    });

  return { draw };
}
