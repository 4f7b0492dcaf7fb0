// On narrow screens one pane shows at a time, chosen by tabs; on wide ones all do, and the status panel opens from the bar below.

import { byId } from "./dom.js";

const NARROW = matchMedia("(max-width: 820px)");
const NAMES = ["files", "code", "preview", "status"];

/** @type {string} */
let shown = "preview";
let statusOpen = false;
/** @type {() => void} */
let onStatus = () => undefined;

/**
 * Wires the tabs, the status bar's button and the settings button.
 * @param {{onStatus: () => void}} handlers called when the status panel comes into view
 */
export function setUpTabs(handlers) {
  onStatus = handlers.onStatus;
  const list = byId("tabs");
  list.addEventListener("click", event => {
    const tab = event.target instanceof Element ? event.target.closest("button") : null;
    if (tab) showPane(tab.dataset.for ?? shown);
  });
  list.addEventListener("keydown", event => {
    const at = NAMES.indexOf(shown);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: NAMES.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    showPane(NAMES[(to + NAMES.length) % NAMES.length]);
    byId(`tab-${shown}`).focus();
  });
  byId("status-toggle").addEventListener("click", () => {
    statusOpen = !statusOpen;
    draw();
    if (statusOpen) onStatus();
  });

  const settings = byId("settings");
  const toggle = byId("settings-toggle");
  const fold = (/** @type {boolean} */ open) => {
    settings.toggleAttribute("data-open", open);
    toggle.setAttribute("aria-expanded", String(open));
  };
  toggle.addEventListener("click", () => fold(!settings.hasAttribute("data-open")));
  addEventListener("pointerdown", event => {
    if (event.target instanceof Node && !settings.contains(event.target) && !toggle.contains(event.target)) fold(false);
  });
  addEventListener("keydown", event => {
    if (event.key !== "Escape" || !settings.hasAttribute("data-open")) return;
    fold(false);
    toggle.focus();
  });

  NARROW.addEventListener("change", draw);
  draw();
}

/**
 * Brings a pane into view where only one is.
 * @param {string} name
 */
export function showPane(name) {
  shown = name;
  draw();
  if (NARROW.matches && name === "status") onStatus();
}

/** Whether only one pane shows at a time. */
export const isNarrow = () => NARROW.matches;

function draw() {
  for (const name of NAMES) {
    const pane = byId(`pane-${name}`);
    const tab = byId(`tab-${name}`);
    const on = name === shown;
    tab.setAttribute("aria-selected", String(on));
    tab.tabIndex = on ? 0 : -1;
    pane.toggleAttribute("data-shown", on);
    // On wide screens they are plain regions, named by their headings.
    if (NARROW.matches) {
      pane.setAttribute("role", "tabpanel");
      pane.setAttribute("aria-labelledby", `tab-${name}`);
    } else {
      pane.removeAttribute("role");
      pane.setAttribute("aria-labelledby", `${name}-title`);
    }
  }
  byId("pane-status").hidden = NARROW.matches ? shown !== "status" : !statusOpen;
  byId("status-toggle").setAttribute("aria-expanded", String(statusOpen));
}
