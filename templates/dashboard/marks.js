// Alerts and restarts: each has a form of its own, not only a colour.

import { duration, withUnit, words } from "./format.js";

const ALERT = "M0,-5L5,4L-5,4Z";
const RESET = "M-4,-4H4V4H-4Z";

export function markText({ kind, name, value, unit }) {
  if (kind === "end") return `${words(name)} is well again after ${duration(value)}`;
  if (kind === "reset") return value === null ? "restart" : `restart, reason ${value}`;
  return `alert ${words(name)}${value === null ? "" : `: ${withUnit(value, unit)}`}`;
}

export function drawMarks(layer, marks, x, top, bottom) {
  const [from, to] = x.domain().map(Number);
  layer
    .selectAll("g")
    .data(
      marks.filter(({ kind }) => kind !== "end").filter(({ time }) => time * 1000 >= from && time * 1000 <= to),
      ({ time, kind, name }) => `${time} ${kind} ${name}`,
    )
    .join((enter) => {
      const mark = enter.append("g");
      mark.append("line");
      mark.append("path");
      mark.append("title");
      return mark;
    })
    .attr("class", ({ kind }) => `mark ${kind}`)
    .attr("transform", ({ time }) => `translate(${x(time * 1000)},0)`)
    .each(function (mark) {
      const [line, form, title] = this.children;
      line.setAttribute("y1", top - 4);
      line.setAttribute("y2", bottom);
      form.setAttribute("d", mark.kind === "alert" ? ALERT : RESET);
      form.setAttribute("transform", `translate(0,${top - 8})`);
      title.textContent = markText(mark);
    });
}

// What a tip says of the marks within `width` seconds of `time`, the three closest.
export function marksNear(marks, time, width) {
  return marks
    .filter((mark) => Math.abs(mark.time - time) <= width)
    .slice(-3)
    .map((mark) => [mark.kind, markText(mark), ""]);
}
