// Run and range of time: what the reader chose, kept in the address after the #.

import { moment } from "./format.js";
import { element } from "./panel.js";

const RANGES = [
  ["5 min", 300],
  ["1 h", 3600],
  ["6 h", 21_600],
  ["24 h", 86_400],
  ["7 d", 604_800],
  ["all", null],
];
const DEFAULT = "1 h";
const LATEST = "";

const runs = document.getElementById("run");
const ranges = document.getElementById("ranges");
const custom = document.getElementById("custom");
const from = document.getElementById("from");
const to = document.getElementById("to");

function read() {
  const said = new URLSearchParams(location.hash.slice(1));
  const start = Number(said.get("from"));
  const end = Number(said.get("to"));
  return {
    run: said.get("run") ?? LATEST,
    board: said.get("board"),
    device: said.get("device") ?? "",
    range: said.get("range") ?? DEFAULT,
    from: start,
    to: end > start ? end : NaN,
  };
}

// `changed` is called with the choice whenever it is another one.
export function createControls(changed) {
  const choice = read();
  if (choice.range === "custom" ? !(choice.to > 0) : !RANGES.some(([name]) => name === choice.range)) {
    choice.range = DEFAULT;
  }

  function keep() {
    const said = new URLSearchParams();
    if (choice.run !== LATEST) said.set("run", choice.run);
    if (choice.board) said.set("board", choice.board);
    if (choice.device) said.set("device", choice.device);
    if (choice.range !== DEFAULT) said.set("range", choice.range);
    if (choice.range === "custom") {
      said.set("from", choice.from.toFixed(0));
      said.set("to", choice.to.toFixed(0));
    }
    history.replaceState(null, "", `#${said}`);
    show();
    changed(choice);
  }

  for (const [name] of [...RANGES, ["custom"]]) {
    const label = element("label");
    const radio = element("input");
    Object.assign(radio, { type: "radio", name: "range", value: name });
    radio.addEventListener("change", () => {
      choice.range = name;
      if (name === "custom" && !(choice.to > choice.from)) {
        choice.to = Date.now() / 1000;
        choice.from = choice.to - 3600;
      }
      keep();
    });
    label.append(radio, element("span", "", name));
    ranges.append(label);
  }

  for (const input of [from, to]) {
    input.addEventListener("change", () => {
      const [start, end] = [from, to].map(({ value }) => new Date(value).getTime() / 1000);
      if (end > start) Object.assign(choice, { from: start, to: end });
      keep();
    });
  }
  runs.addEventListener("change", () => {
    Object.assign(choice, { run: runs.value, board: null, device: "" });
    keep();
  });
  document.getElementById("controls").addEventListener("submit", (event) => event.preventDefault());

  const local = (seconds) => d3.timeFormat("%Y-%m-%dT%H:%M:%S")(new Date(seconds * 1000));
  function show() {
    for (const radio of ranges.querySelectorAll("input")) radio.checked = radio.value === choice.range;
    custom.hidden = choice.range !== "custom";
    if (!custom.hidden) {
      from.value = local(choice.from);
      to.value = local(choice.to);
    }
  }
  show();

  return {
    choice,
    chooseBoard({ board, device }) {
      Object.assign(choice, { board, device });
      keep();
    },
    // Zooms into a range; null goes back to the usual one.
    zoom(start, end) {
      if (start === null) choice.range = DEFAULT;
      else if (end - start >= 2) Object.assign(choice, { range: "custom", from: start, to: end });
      keep();
    },
    // The seconds of the range, null for all; undefined where both ends are given.
    get seconds() {
      return RANGES.find(([name]) => name === choice.range)?.[1];
    },
    listRuns(series) {
      const names = [...new Set(series.map(({ run }) => run))];
      const items = names.map((name) => {
        const boards = series.filter(({ run }) => run === name);
        const count = boards.length === 1 ? boards[0].board : `${boards.length} boards`;
        return [name, `${moment(d3.min(boards, ({ first }) => first))}, ${count}`];
      });
      if (items.length) items.unshift([LATEST, `latest: ${items[0][1]}`]);
      d3.select(runs)
        .selectAll("option")
        .data(items)
        .join("option")
        .attr("value", ([name]) => name)
        .text(([, text]) => text);
      if (!names.includes(choice.run)) choice.run = LATEST;
      runs.value = choice.run;
      return choice.run === LATEST ? names[0] : choice.run;
    },
  };
}
