// The two splitters between the panes: by pointer, or by the arrow keys as the ARIA pattern has it. Widths are kept for the next visit.

import { byId, remember, remembered } from "./dom.js";

const FILES = { min: 150, max: 480, start: 236, step: 16 };
/** The code's share of what is right of the file list, in percent. */
const SHARE = { min: 15, max: 85, start: 46, step: 2 };

export function setUpSplitters() {
  const panes = byId("panes");
  const kept = remembered("panes") ?? {};
  const sizes = { files: within(kept.files, FILES), share: within(kept.share, SHARE) };

  const apply = () => {
    panes.style.setProperty("--files-width", `${sizes.files}px`);
    panes.style.setProperty("--code-share", `${sizes.share}fr`);
    panes.style.setProperty("--preview-share", `${100 - sizes.share}fr`);
    say(byId("split-files"), sizes.files, FILES, `${sizes.files} pixels`);
    say(byId("split-preview"), sizes.share, SHARE, `${sizes.share} percent`);
  };

  splitter(byId("split-files"), FILES, {
    get: () => sizes.files,
    set: value => { sizes.files = within(value, FILES); apply(); },
    at: x => x - panes.getBoundingClientRect().left - 10,
    done: () => remember("panes", sizes),
  });
  splitter(byId("split-preview"), SHARE, {
    get: () => sizes.share,
    set: value => { sizes.share = within(value, SHARE); apply(); },
    at: x => {
      const left = byId("pane-code").getBoundingClientRect().left;
      return ((x - left) / (byId("pane-preview").getBoundingClientRect().right - left)) * 100;
    },
    done: () => remember("panes", sizes),
  });
  apply();
}

/**
 * @param {HTMLElement} element
 * @param {typeof FILES} range
 * @param {{get: () => number, set: (value: number) => void, at: (x: number) => number, done: () => void}} size `at`: the size that puts the splitter there
 */
function splitter(element, range, { get, set, at, done }) {
  element.addEventListener("keydown", event => {
    const to = { ArrowLeft: get() - range.step, ArrowRight: get() + range.step, Home: range.min, End: range.max, Enter: range.start }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    set(to);
    done();
  });
  element.addEventListener("dblclick", () => { set(range.start); done(); });
  element.addEventListener("pointerdown", event => {
    if (event.button !== 0) return;
    element.setPointerCapture(event.pointerId);
    for (const target of [element, document.body]) target.toggleAttribute("data-dragging", true);
  });
  element.addEventListener("pointermove", event => {
    if (element.hasPointerCapture(event.pointerId)) set(at(event.clientX));
  });
  element.addEventListener("lostpointercapture", () => {
    for (const target of [element, document.body]) target.removeAttribute("data-dragging");
    done();
  });
}

/**
 * @param {unknown} value
 * @param {typeof FILES} range
 */
function within(value, { min, max, start }) {
  return typeof value === "number" && Number.isFinite(value) ? Math.round(Math.min(max, Math.max(min, value))) : start;
}

/**
 * @param {HTMLElement} element
 * @param {number} value
 * @param {typeof FILES} range
 * @param {string} text
 */
function say(element, value, { min, max }, text) {
  for (const [name, said] of Object.entries({ valuenow: value, valuemin: min, valuemax: max, valuetext: text })) element.setAttribute(`aria-${name}`, String(said));
}
