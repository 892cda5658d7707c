// Light, dark, or as the system: before anything is drawn, so that nothing flashes.
"use strict";
(() => {
  const modes = { auto: "◐", light: "☀", dark: "☾" };
  const names = Object.keys(modes);
  let mode = "auto";
  try {
    mode = localStorage.getItem("tinyflow-theme") ?? mode;
  } catch {
    // A browser that keeps nothing follows the system.
  }
  if (!names.includes(mode)) mode = "auto";

  function apply() {
    document.documentElement.dataset.theme = mode;
    const button = document.getElementById("theme");
    if (button) {
      button.textContent = `${modes[mode]} ${mode}`;
      button.setAttribute("aria-label", `colours: ${mode}`);
    }
  }

  apply();
  document.addEventListener("DOMContentLoaded", () => {
    apply();
    document.getElementById("theme").addEventListener("click", () => {
      mode = names[(names.indexOf(mode) + 1) % names.length];
      try {
        localStorage.setItem("tinyflow-theme", mode);
      } catch {
        // It holds for this page.
      }
      apply();
    });
  });
})();
