// What the server tells: answers to questions, and new rows as they come.

async function ask(path, values = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== null && value !== undefined) query.set(name, value);
  }
  const answer = await fetch(`${path}?${query}`);
  if (!answer.ok) {
    let told = `${answer.status} ${answer.statusText}`;
    try {
      told = (await answer.json()).what ?? told;
    } catch {
      // Not our answer: its status is all there is.
    }
    throw new Error(told);
  }
  return answer.json();
}

export const askSeries = () => ask("/api/series");

export const askBoard = ({ run, board, device }) => ask("/api/board", { run, board, device });

// So few that each answer comes soon, even out of millions of rows.
const NAMES_AT_ONCE = 12;

// Points of the rows `names` over { from, to, seconds }, and what happened meanwhile.
export async function askHistory({ run, board, device }, names, range, points) {
  const parts = [ask("/api/marks", { run, board, device, ...range })];
  for (let at = 0; at < names.length; at += NAMES_AT_ONCE) {
    const some = names.slice(at, at + NAMES_AT_ONCE).join(",");
    parts.push(ask("/api/history", { run, board, device, names: some, points, ...range }));
  }
  const [{ marks }, ...answers] = await Promise.all(parts);
  const series = Object.assign({}, ...answers.map((answer) => answer.series));
  const { end } = answers[0];
  return { series, end, marks };
}

const RETRY_MS = [1000, 2000, 5000, 10_000];

// Follows new rows from number `last` on. The browser comes back by itself after a lost
// connection and says which row it has; where it gives up, as after a restart of the server that
// refuses, this does it. `on` has rows(rows), gap(), trouble(error), state(connected).
export function follow(last, on) {
  let number = last;
  let tries = 0;
  let source;

  function open() {
    source = new EventSource(`/events?after=${number}`);
    source.onopen = () => {
      tries = 0;
      on.state(true);
    };
    source.onerror = () => {
      on.state(false);
      if (source.readyState === EventSource.CLOSED) {
        setTimeout(open, RETRY_MS[Math.min(tries, RETRY_MS.length - 1)]);
        tries += 1;
      }
    };
    const listen = (name, handle) => {
      source.addEventListener(name, (event) => {
        if (event.lastEventId) number = event.lastEventId;
        handle(JSON.parse(event.data));
      });
    };
    listen("rows", on.rows);
    listen("gap", on.gap);
    listen("trouble", on.trouble);
  }

  open();
  addEventListener("pagehide", () => source.close());
}
