// The page: what is chosen is asked for, new rows are added as they come, and all is drawn.

import { Board, keyOf } from "./board.js";
import { drawCards } from "./cards.js";
import { CARD_NAMES, createCharts, namesFor } from "./charts.js";
import { createControls } from "./controls.js";
import { askBoard, askHistory, askSeries, follow } from "./feed.js";
import { duration } from "./format.js";
import { drawFacts } from "./tables.js";

const POINTS = 300;
const CARD_POINTS = 60;
const MOST_CARDS = 24;
const DRAW_MS = 250;

const status = document.getElementById("status");
const nothing = document.getElementById("nothing");

let series = [];
let boards = new Map();
let chosen = null;
let connected = false;
let trouble = null;
// The server's clock less this one's: rows have the time of the machine that keeps them.
let ahead = 0;
// Boards that were not listed when their first row came: each is looked for once.
const announced = new Set();
// Only the answer to the latest question is taken.
let asked = 0;

const controls = createControls(() => load());
const charts = createCharts((from, to) => controls.zoom(from, to));
const now = () => Date.now() / 1000 + ahead;

function view(board) {
  if (controls.choice.range === "custom") {
    return { board, start: controls.choice.from, end: controls.choice.to, now: now() };
  }
  const end = board.last ?? now();
  const { seconds } = controls;
  const start = seconds === null ? board.first : Math.max(end - seconds, board.first);
  return { board, start: Math.min(start, end - 1), end, now: now() };
}

function range() {
  const { choice, seconds } = controls;
  return choice.range === "custom" ? { from: choice.from, to: choice.to } : { seconds };
}

function draw() {
  document.body.classList.toggle("is-empty", !chosen);
  nothing.hidden = Boolean(chosen) || !asked || trouble !== null;
  if (chosen) {
    const seen = view(chosen);
    drawCards([...boards.values()], chosen, seen, (board) => controls.chooseBoard(board));
    drawFacts(chosen, now());
    for (const chart of charts) chart.draw(seen);
  }
  tell();
}

function tell() {
  const [state, words] = stateOf();
  status.className = state;
  status.lastElementChild.textContent = words;
}

function stateOf() {
  if (trouble) return ["broken", trouble];
  if (!connected) return ["lost", "connection lost, trying again"];
  if (!chosen) return ["waiting", "waiting for rows"];
  const age = now() - chosen.last;
  if (age <= chosen.silentAfter) return ["live", "live"];
  return ["waiting", `no rows for ${duration(age)}`];
}

let timer = null;
function drawSoon() {
  if (timer !== null) return;
  timer = setTimeout(() => {
    timer = null;
    if (!document.hidden) draw();
  }, DRAW_MS);
}

// The rows of one board, in as many answers as it takes.
async function fetchBoard(board, isChosen) {
  board.describe(await askBoard(board));
  const names = isChosen ? namesFor(board) : CARD_NAMES.filter((name) => board.has(name));
  const points = isChosen ? POINTS : CARD_POINTS;
  // Rows that come while the answer is on its way are kept.
  board.wanted = new Set(names);
  // Even where no row is drawn, alerts and restarts are.
  board.take(await askHistory(board, names.length ? names : ["uptime_ms"], range(), points));
}

async function load() {
  asked += 1;
  const mine = asked;
  try {
    const answer = await askSeries();
    if (mine !== asked) return null;
    ahead = answer.now - Date.now() / 1000;
    series = answer.series;
    document.getElementById("store").textContent = answer.store;
    document.getElementById("version").textContent = `tinyflow ${answer.version}`;
    const run = controls.listRuns(series);
    const found = series.filter((item) => item.run === run).reverse().slice(0, MOST_CARDS);
    const made = new Map(found.map((item) => [keyOf(item), new Board(item)]));
    const { board, device } = controls.choice;
    const wanted = [...made.values()];
    const choice = wanted.find((item) => item.board === board && item.device === device) ?? wanted[0];
    // Rows that come meanwhile go to these, and stay.
    const before = boards;
    boards = made;
    try {
      await Promise.all(wanted.map((item) => fetchBoard(item, item === choice)));
    } catch (error) {
      if (mine === asked) boards = before;
      throw error;
    }
    if (mine !== asked) return null;
    chosen = choice ?? null;
    trouble = null;
    draw();
    return answer.last;
  } catch (error) {
    if (mine === asked) {
      trouble = error.message;
      draw();
    }
    return null;
  }
}

let reload = null;
function loadSoon(milliseconds = 500) {
  reload ??= setTimeout(() => {
    reload = null;
    load();
  }, milliseconds);
}

const feed = {
  rows(rows) {
    if (trouble) loadSoon();
    for (const [run, name, device, where, ...row] of rows) {
      const key = keyOf({ run, board: name, device });
      const board = boards.get(key);
      if (board) board.add(where, ...row);
      // A board that is new here: it is shown where its run is the one that is looked at.
      else if (!announced.has(key) && !series.some((item) => keyOf(item) === key)) {
        announced.add(key);
        loadSoon();
      }
    }
    if ([...boards.values()].some(({ isFull }) => isFull)) loadSoon();
    drawSoon();
  },
  gap: () => loadSoon(0),
  trouble(error) {
    trouble = error.what;
    draw();
  },
  state(isConnected) {
    connected = isConnected;
    tell();
  },
};

async function begin() {
  const last = await load();
  if (last !== null) {
    follow(last, feed);
    return;
  }
  setTimeout(begin, 3000);
}

new ResizeObserver(() => drawSoon()).observe(document.getElementById("panels"));
document.addEventListener("visibilitychange", () => drawSoon());
setInterval(drawSoon, 2000);
begin();
