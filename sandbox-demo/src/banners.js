// Says what went wrong (banners, which stay) and what has been done (notices, which go). Nothing in the playground fails without one.

import { byId, icon, make } from "./dom.js";
import { adviceFor, problemOf } from "./problems.js";

/** How long a notice stays; with a way back in it, longer. */
const STAY = 4500;
const STAY_UNDO = 10_000;

export class Messages {
  #banners = byId("banners");
  #notices = byId("notices");
  #around;

  /** @param {import("./problems.js").Surroundings} around */
  constructor(around) {
    this.#around = around;
  }

  /**
   * Shows an error until it is dismissed or cleared. One banner for each `topic`: a newer one takes its place.
   * @param {unknown} thrown
   * @param {{topic?: string, retry?: () => void, context?: string}} [options] `context` is what was being done
   */
  error(thrown, { topic = "general", retry, context } = {}) {
    const problem = problemOf(thrown);
    console.error(context ?? "The playground:", thrown);
    const advice = adviceFor(problem.code, this.#around);
    const actions = (advice.links ?? []).map(link => make("a", { class: "button", href: link.href }, link.label));
    if (retry && advice.retry) {
      actions.push(make("button", { type: "button", class: "button", "data-testid": "banner-retry", click: () => { this.clear(topic); retry(); } }, "Try again"));
    }
    this.#show({
      topic,
      level: "error",
      title: advice.title,
      code: problem.code,
      message: context ? `${context}: ${problem.message}` : problem.message,
      advice: advice.advice,
      actions,
    });
    return problem;
  }

  /**
   * Shows something that works, but not as asked.
   * @param {string} title
   * @param {string} advice
   * @param {{topic?: string, code?: string}} [options]
   */
  warn(title, advice, { topic = "warning", code = "" } = {}) {
    this.#show({ topic, level: "warning", title, code, message: "", advice, actions: [] });
  }

  /** @param {{topic: string, level: string, title: string, code: string, message: string, advice: string, actions: Node[]}} it */
  #show({ topic, level, title, code, message, advice, actions }) {
    this.clear(topic);
    const banner = make(
      "div",
      { class: `banner ${level}`, role: "alert", "data-topic": topic, "data-testid": "banner", "data-code": code },
      icon(level === "error" ? "alert" : "info"),
      make(
        "div",
        {},
        make("div", { class: "banner-head" }, make("span", { class: "banner-title" }, title), code && make("code", { class: "banner-code", "data-testid": "banner-code" }, code)),
        message && make("p", { class: "banner-message", "data-testid": "banner-message" }, message),
        make("p", { class: "banner-advice" }, ...withCode(advice)),
        make("div", { class: "banner-actions" }, ...actions),
      ),
      make("button", { type: "button", class: "button ghost square", "aria-label": "Dismiss", "data-testid": "banner-dismiss", click: () => banner.remove() }, icon("close")),
    );
    this.#banners.prepend(banner);
  }

  /**
   * Takes a topic's banner away: what it spoke of is no longer so.
   * @param {string} topic
   */
  clear(topic) {
    for (const banner of this.#banners.querySelectorAll(".banner")) {
      if (/** @type {HTMLElement} */ (banner).dataset.topic === topic) banner.remove();
    }
  }

  /**
   * A word in passing.
   * @param {string} text
   * @param {{label: string, run: () => void}} [action]
   */
  notice(text, action) {
    const leave = () => box.remove();
    const box = make(
      "div",
      { class: "notice", "data-testid": "notice" },
      make("p", {}, text),
      action && make("button", { type: "button", class: "button", "data-testid": "notice-action", click: () => { leave(); action.run(); } }, action.label),
    );
    let timer = setTimeout(leave, action ? STAY_UNDO : STAY);
    // Who reaches for it, by pointer or keyboard, has all the time in the world.
    const hold = () => clearTimeout(timer);
    const release = () => { hold(); timer = setTimeout(leave, STAY); };
    for (const name of ["pointerenter", "focusin"]) box.addEventListener(name, hold);
    for (const name of ["pointerleave", "focusout"]) box.addEventListener(name, release);
    this.#notices.replaceChildren(...[...this.#notices.children].slice(-2), box);
  }
}

/**
 * Text with `code` in backquotes, as nodes.
 * @param {string} text
 */
function withCode(text) {
  return text.split("`").map((part, at) => (at % 2 ? make("code", {}, part) : part));
}
