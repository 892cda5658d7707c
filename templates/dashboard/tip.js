// The one box beside the pointer, and what a screen reader says of it.

const tip = document.getElementById("tip");
const spoken = document.getElementById("spoken");
const EDGE = 8;

// Lines are texts, or [colour class, name, value]. (x, y) is a place in the window.
export function showTip(x, y, lines, { speak = false } = {}) {
  tip.replaceChildren(
    ...lines.map((line) => {
      const row = document.createElement("div");
      if (typeof line === "string") {
        row.textContent = line;
        row.className = "head";
        return row;
      }
      const [colour, name, value] = line;
      const key = document.createElement("span");
      key.className = `key ${colour}`;
      const what = document.createElement("span");
      what.textContent = name;
      const figure = document.createElement("b");
      figure.textContent = value;
      row.append(key, what, figure);
      return row;
    }),
  );
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  const right = x + 14 + width + EDGE < innerWidth;
  tip.style.left = `${Math.max(EDGE, right ? x + 14 : x - 14 - width)}px`;
  tip.style.top = `${Math.max(EDGE, Math.min(y - height / 2, innerHeight - height - EDGE))}px`;
  if (speak) {
    spoken.textContent = lines
      .map((line) => (typeof line === "string" ? line : `${line[1]} ${line[2]}`))
      .join(", ");
  }
}

export function hideTip() {
  tip.hidden = true;
}

addEventListener("scroll", hideTip, { passive: true });
