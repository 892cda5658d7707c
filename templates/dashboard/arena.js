// The arena over the time of an inference: layers from left to right, addresses upwards. Blocks that
// hold the same bytes lie over one another. Slow memory has addresses of its own: it stands above.

import { number } from "./format.js";
import { colourOf } from "./operators.js";
import { createPanel } from "./panel.js";
import { hideTip, showTip } from "./tip.js";

const MARGIN = { top: 18, right: 12, bottom: 36, left: 56 };
// Room for addresses with the word slow.
const WIDE = 78;
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
  // Where slow memory begins in the drawing.
  let above = 0;
  const margin = { left: MARGIN.left };
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
    const ends = (slow) => d3.max(tensors.filter((t) => t.slow === slow), (t) => t.offset + t.bytes) ?? 0;
    const slow = ends(true);
    const bytes = Math.max(slow ? 0 : (board.document.arena_bytes ?? 0), ends(false));
    above = bytes + (bytes + slow) * 0.06;
    margin.left = slow ? WIDE : MARGIN.left;
    const last = Math.max(layers.length - 1, d3.max(tensors, (tensor) => tensor.last));
    svg.attr("width", width);
    x.domain(d3.range(last + 1)).range([margin.left, width - MARGIN.right]);
    y.domain([0, slow ? above + slow : bytes]).range([height - MARGIN.bottom, MARGIN.top]);
    const every = Math.ceil((last + 1) / ((width - margin.left) / 30));
    axisX
      .attr("transform", `translate(0,${height - MARGIN.bottom})`)
      .call(d3.axisBottom(x).tickValues(x.domain().filter((index) => index % every === 0)).tickSize(0).tickPadding(7));
    const far = (value) => value < bytes && Math.abs(y(value) - y(bytes)) > 14;
    const ticks = y.ticks(5).filter(far);
    const places = [...ticks, bytes, ...(slow ? [above, above + slow] : [])];
    axisY
      .attr("transform", `translate(${margin.left},0)`)
      .call(
        d3.axisLeft(y).tickValues(places).tickSize(0).tickPadding(6)
          .tickFormat((value) => (value > bytes ? `slow ${number(value - above)}` : number(value))),
      );
    rules.selectAll("line").data(ticks).join("line")
      .attr("x1", margin.left).attr("x2", width - MARGIN.right).attr("y1", y).attr("y2", y);
    top.select("line")
      .attr("x1", margin.left).attr("x2", width - MARGIN.right).attr("y1", y(bytes)).attr("y2", y(bytes));
    unit.attr("x", margin.left - 6).attr("y", 10);
    title.attr("x", (margin.left + width - MARGIN.right) / 2).attr("y", height - 3);
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
        const from = place(tensor);
        const high = Math.max(1, y(from) - y(from + tensor.bytes) - 1);
        box.setAttribute("x", left);
        box.setAttribute("width", wide);
        box.setAttribute("y", y(from + tensor.bytes) + 0.5);
        box.setAttribute("height", high);
        text.setAttribute("x", left + wide / 2);
        text.setAttribute("y", y(from + tensor.bytes / 2) + 4);
        const name = short(tensor.name);
        text.textContent = high > 13 && name.length * CHARACTER + 8 < wide ? name : "";
      });
    const busiest = d3.greatest(x.domain(), used);
    panel.legend([["limit", "arena", `${number(bytes)} B`], ["", `most used at layer ${busiest}`, `${number(used(busiest))} B`]]);
    panel.describe(`${tensors.length} tensors in ${number(bytes)} B, most used at layer ${busiest}, ${number(used(busiest))} B`);
    panel.table(["tensor", "from, B", "bytes", "first layer", "last layer"], () =>
      tensors.map((t) => [
        t.name, `${t.slow ? "slow " : ""}${number(t.offset)}`, number(t.bytes), String(t.first), String(t.last),
      ]),
    );
  }

  const isScratch = ({ name }) => name.startsWith("scratch");
  const at = (layer) => tensors.filter(({ first, last }) => first <= layer && layer <= last);
  const place = ({ slow, offset }) => (slow ? above : 0) + offset;
  // What a layer needs, each byte once.
  function used(layer) {
    let sum = 0;
    let end = 0;
    for (const block of d3.sort(at(layer), place)) {
      sum += Math.max(0, place(block) + block.bytes - Math.max(end, place(block)));
      end = Math.max(end, place(block) + block.bytes);
    }
    return sum;
  }
  // Of a path the part that tells layers apart: "model/conv2d_1/Relu" is conv2d_1.
  const short = (name) => name.split("/").slice(-2)[0];
  // A tensor has the colour of the operator that writes it; what no layer writes has none.
  const colour = ({ name }) => colourOf(layers.find((layer) => layer.name === name)?.op);

  function tell(tensor, speak) {
    const { name, offset, bytes, first, last } = tensor;
    const left = (x(first) + x(last) + x.bandwidth()) / 2;
    const box = panel.plot.getBoundingClientRect();
    const lines = [
      name,
      [colour(tensor), "bytes", number(bytes)],
      ["", tensor.slow ? "in slow memory" : "address", `${number(offset)} to ${number(offset + bytes)}`],
      ["", "needed", first === last ? `by layer ${first}` : `from layer ${first} to ${last}`],
      ...(layers[first] ? [["", "first", `${layers[first].op} ${layers[first].name ?? ""}`]] : []),
    ];
    showTip(box.left + left, box.top + y(place(tensor) + bytes / 2), lines, { speak });
    list.selectAll("g").classed("is-at", (item) => item === tensor);
  }

  function tellLayer(layer) {
    const box = panel.plot.getBoundingClientRect();
    const lines = [
      `layer ${layer} ${layers[layer]?.op ?? ""}`,
      ["", "used", `${number(used(layer))} B`],
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
      const holds = (block) => place(block) <= byte && byte < place(block) + block.bytes;
      // Of those that lie over one another, the smallest.
      const tensor = d3.least(at(layer).filter(holds), ({ bytes }) => bytes);
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
