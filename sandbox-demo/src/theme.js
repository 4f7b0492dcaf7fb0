// Light, dark, or as the system has it. The previews follow: a frame takes its scheme from the element that embeds it.

const NAMES = ["system", "light", "dark"];

/** Wires the theme switch. */
export function setUpTheme() {
  const chosen = stored();
  for (const input of /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll('input[name="theme"]'))) {
    input.checked = input.value === chosen;
    input.addEventListener("change", () => choose(input.value));
  }
  choose(chosen);
}

/** @param {string} theme */
function choose(theme) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem("theme", theme);
  } catch {
    // It holds for this visit.
  }
}

/** @returns {string} */
function stored() {
  try {
    const name = localStorage.getItem("theme") ?? "";
    return NAMES.includes(name) ? name : "system";
  } catch {
    return "system";
  }
}
