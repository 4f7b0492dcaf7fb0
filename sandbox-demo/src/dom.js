// Small helpers over the DOM. Text always goes in as text: nothing here parses markup.

/**
 * An element of the page that must be there.
 * @template {HTMLElement} [E=HTMLElement]
 * @param {string} id
 * @returns {E}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no element #${id}.`);
  return /** @type {E} */ (found);
}

/**
 * Makes an element. `props` whose names hold a dash, and `role`, `class`, `for` become attributes, functions listeners, the rest properties.
 * @param {string} tag
 * @param {Record<string, any>} [props]
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {any} the element, untyped as the tag says what it is
 */
export function make(tag, props = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null) continue;
    if (typeof value === "function") made.addEventListener(name, value);
    else if (name.includes("-") || name === "role" || name === "class" || name === "for") made.setAttribute(name, String(value));
    else /** @type {any} */ (made)[name] = value;
  }
  made.append(.../** @type {(Node | string)[]} */ (children.filter(child => child !== null && child !== undefined && child !== false)));
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

/**
 * A picture of the icon sheet, hidden from assistive technology: the words are beside it or in the control's name.
 * @param {string} name
 * @param {string} [extra] more class names
 */
export function icon(name, extra = "") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", `icon ${extra}`.trim());
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `./assets/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

/**
 * Runs `run` once things have been quiet for `wait` ms. `.now()` runs a waiting call at once, `.cancel()` drops it.
 * @param {number} wait
 * @param {() => void} run
 */
export function debounce(wait, run) {
  let timer = 0;
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(() => { timer = 0; run(); }, wait);
  };
  later.now = () => {
    if (!timer) return;
    later.cancel();
    run();
  };
  later.cancel = () => {
    clearTimeout(timer);
    timer = 0;
  };
  return later;
}

/**
 * What `localStorage` holds under a name; it may be refused, or hold anything.
 * @param {string} name
 * @returns {any}
 */
export function remembered(name) {
  try {
    return JSON.parse(localStorage.getItem(name) ?? "null");
  } catch {
    return null;
  }
}

/**
 * Keeps a value for the next visit, where the browser lets us.
 * @param {string} name
 * @param {unknown} value
 */
export function remember(name, value) {
  try {
    localStorage.setItem(name, JSON.stringify(value));
  } catch {
    // Nothing is lost but a preference.
  }
}
