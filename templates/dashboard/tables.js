// What is text anyway: the facts of a board, what happened, and all its newest figures.

import { clock, duration, moment, number, withUnit, words } from "./format.js";
import { markText } from "./marks.js";
import { element, told } from "./panel.js";

const MOST_EVENTS = 100;
const FORMS = { alert: "▲", reset: "■", end: "✓" };
const panels = document.getElementById("panels");
const facts = document.querySelector("#facts dl");

export function drawFacts(board, now) {
  const hello = board.document.hello ?? {};
  const pairs = [
    ["model", hello.model],
    ["firmware", hello.build_id?.slice(0, 12)],
    ["clock", hello.clock_hz ? `${number(hello.clock_hz / 1e6)} MHz` : null],
    ["counts", hello.counter_unit],
    ["arena", withUnit(board.value("arena_bytes") ?? hello.arena_bytes, "B")],
    ["up for", board.has("uptime_ms") ? withUnit(board.value("uptime_ms"), "ms") : null],
    ["inferences", number(board.value("inferences"))],
    ["deadline misses", board.has("deadline_misses") ? number(board.value("deadline_misses")) : null],
    ["last heard", now - board.last < 100 ? clock(board.last) : moment(board.last)],
  ].filter(([, value]) => value && value !== "–");
  d3.select(facts)
    .selectAll("div")
    .data(pairs)
    .join((enter) => {
      const pair = enter.append("div");
      pair.append("dt");
      pair.append("dd");
      return pair;
    })
    .each(function ([name, value]) {
      this.children[0].textContent = name;
      this.children[1].textContent = value;
    });
}

function section(id, title) {
  const root = element("section", "panel");
  root.id = id;
  const head = element("div", "caption");
  head.append(element("h2", "", title));
  const wide = element("div", "wide scroll");
  wide.tabIndex = 0;
  wide.setAttribute("role", "region");
  wide.setAttribute("aria-label", title);
  const table = element("table");
  wide.append(table);
  root.append(head, wide);
  panels.append(root);
  return { head, table, wide };
}

// Puts cells into a table's rows in place, so that nothing jumps and selections stay.
function fill(table, columns, rows) {
  if (!table.tHead) {
    const head = table.createTHead().insertRow();
    head.append(...columns.map((column) => element("th", "", column)));
    table.createTBody();
  }
  d3.select(table.tBodies[0])
    .selectAll("tr")
    .data(rows)
    .join("tr")
    .selectAll("td")
    .data((cells) => cells)
    .join("td")
    .text((cell) => cell);
}

export function createEvents() {
  const { table, wide } = section("events", "Alerts and restarts");
  const empty = element("p", "empty");
  wide.append(empty);
  return {
    draw({ board, start, end }) {
      const marks = board.marks.filter(({ time }) => time >= start && time <= end);
      table.hidden = marks.length === 0;
      empty.hidden = marks.length > 0;
      told(empty, "None in this range. What raises an alert stands in `[alerts]` of tinyflow.toml.");
      const rows = marks.slice(-MOST_EVENTS).reverse();
      fill(table, ["", "time", "what"], rows.map((mark) => [
        FORMS[mark.kind], moment(mark.time), markText(mark),
      ]));
      d3.select(table.tBodies[0]).selectAll("tr").data(rows).attr("class", ({ kind }) => kind);
    },
  };
}

export function createFigures() {
  const { head, table } = section("figures", "All figures");
  const filter = element("input");
  filter.type = "search";
  filter.placeholder = "name";
  filter.setAttribute("aria-label", "show names with");
  head.append(filter);
  let seen = null;
  function draw(view) {
    seen = view;
    const { board, now } = view;
    const wanted = filter.value.trim().toLowerCase();
    const rows = [...board.latest]
      .filter(([name]) => words(name).includes(wanted) || name.includes(wanted))
      .sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }))
      .map(([name, { where, value, unit, time }]) => [
        name, withUnit(value, unit), where, `${duration(now - time)} ago`,
      ]);
    fill(table, ["name", "value", "where", "age"], rows);
  }
  filter.addEventListener("input", () => seen && draw(seen));
  return { draw };
}
