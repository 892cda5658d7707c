// The frame of a chart: its name, key, drawing, and the same as a table.

const panels = document.getElementById("panels");
const MOST_TABLE_ROWS = 400;

export function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

// Text in which `backticks` are code.
export function told(target, text) {
  target.replaceChildren(
    ...text.split("`").map((part, index) => (index % 2 ? element("code", "", part) : part)),
  );
}

// A panel `id` named `title`; `height` of the drawing in pixels; `about` tells what is seen.
export function createPanel({ id, title, about, height = 220, className = "" }) {
  const root = element("figure", `panel ${className}`);
  root.id = id;
  const caption = element("figcaption");
  const name = element("h2", "", title);
  name.title = about;
  const legend = element("ul", "legend");
  caption.append(name, legend);
  const plot = element("div", "plot");
  plot.style.height = `${height}px`;
  const empty = element("p", "empty");
  const advice = element("span");
  empty.append(advice);
  const svg = d3.select(plot).append("svg").attr("role", "img").attr("tabindex", 0);
  svg.attr("height", height);
  plot.append(empty);
  const details = element("details");
  const table = element("table");
  const wide = element("div", "wide");
  wide.append(table);
  details.append(element("summary", "", "Table"), wide);
  root.append(caption, plot, details);
  panels.append(root);

  let rows = () => [];
  let columns = [];
  function fill() {
    if (!details.open) return;
    const head = element("tr");
    head.append(...columns.map((column) => element("th", "", column)));
    const body = rows().slice(-MOST_TABLE_ROWS).map((cells) => {
      const row = element("tr");
      row.append(...cells.map((cell) => element("td", "", cell)));
      return row;
    });
    const thead = element("thead");
    thead.append(head);
    const tbody = element("tbody");
    tbody.append(...body);
    table.replaceChildren(thead, tbody);
  }
  details.addEventListener("toggle", fill);

  return {
    root,
    plot,
    svg,
    height,
    // Its width in pixels, as the window has it now.
    get width() {
      return Math.max(240, plot.clientWidth);
    },
    setHeight(pixels) {
      if (this.height === pixels) return;
      this.height = pixels;
      plot.style.height = `${pixels}px`;
      svg.attr("height", pixels);
    },
    // Items are [colour class, name, value].
    legend(items) {
      d3.select(legend)
        .selectAll("li")
        .data(items)
        .join((enter) => {
          const item = enter.append("li");
          item.append("span");
          item.append("span").attr("class", "name");
          item.append("b");
          return item;
        })
        .each(function ([colour, label, value]) {
          const [key, name, figure] = this.children;
          key.className = `key ${colour}`;
          name.textContent = label;
          figure.textContent = value ?? "";
        });
    },
    // What to do where there is nothing to draw; null where there is.
    empty(text) {
      root.classList.toggle("is-empty", text !== null);
      if (text !== null) told(advice, text);
      return text !== null;
    },
    describe(text) {
      svg.attr("aria-label", `${title}: ${text}`);
    },
    table(names, make) {
      columns = names;
      rows = make;
      fill();
    },
  };
}
