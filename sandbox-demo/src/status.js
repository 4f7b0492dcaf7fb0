// The status panel: what the session, the store and the worker say of themselves, and what has happened lately.
//
// The worker is asked after something has happened or when the visitor wants to know, never by the clock: a question wakes it, and the
// browser could not put it to rest.

import { byId, debounce, icon, make } from "./dom.js";
import { bytes, count, duration, plural, shortId } from "./format.js";

export class Status {
  #workspace;
  #activity;
  #dot = byId("status-dot");
  #line = byId("status-line");
  #facts = byId("status-facts");
  #body = byId("status-body");
  #drawn = make("div", { class: "facts", "data-testid": "facts" });
  #log = make("ol", { "data-testid": "activity", "aria-label": "Activity, newest first" });
  /** @type {import("../virtual-files/index.js").Estimate | null} */
  #estimate = null;
  /** @type {{what: string, done?: number, total?: number} | null} */
  #busy = null;
  /** @type {string | null} */
  #trouble = null;
  #soon = debounce(350, () => this.ask());

  /**
   * @param {import("./workspace.js").Workspace} workspace
   * @param {import("./activity.js").Activity} activity
   * @param {string} pattern the VFS origin
   */
  constructor(workspace, activity, pattern) {
    this.#workspace = workspace;
    this.#activity = activity;
    this.pattern = pattern;
    this.#body.append(this.#drawn, make("section", { class: "activity" }, make("h3", {}, "Activity"), this.#log));
    workspace.addEventListener("files", () => this.draw());
    workspace.addEventListener("busy", event => {
      this.#busy = /** @type {CustomEvent} */ (event).detail;
      this.#progress();
      this.#summary();
    });
    activity.addEventListener("change", () => this.#drawLog());
    this.draw();
  }

  /**
   * Whether something stands in the way: the bar says so until it is gone.
   * @param {string | null} code
   */
  trouble(code) {
    this.#trouble = code;
    this.#summary();
  }

  /** Asks again, soon: several reasons in a row are one question. */
  refresh() {
    this.#soon();
  }

  /** Asks the worker and the store how they are. */
  async ask() {
    const session = this.#workspace.session;
    if (!session) return;
    try {
      const estimate = await this.#workspace.estimate();
      if (session === this.#workspace.session) this.#estimate = estimate;
    } catch (error) {
      this.#estimate = null;
      this.#activity.add(`The worker did not say how it is: ${error instanceof Error ? error.message : error}`, { bad: true });
    }
    this.draw();
  }

  draw() {
    this.#summary();
    const { session, files, version, degraded } = this.#workspace;
    const worker = this.#estimate?.worker;
    const { usage, quota } = this.#estimate ?? {};
    const asked = (worker?.hits ?? 0) + (worker?.misses ?? 0);
    this.#drawn.replaceChildren(
      section("Session", [
        ["Id", session?.id ?? "none", "session-id"],
        ["Version", version ? String(version) : "unknown", "version"],
        ["Files", count(files.length), "files"],
        ["Bytes", bytes(this.#workspace.bytes), "bytes"],
        ["Isolation", session?.isolation ?? "none", "isolation"],
      ]),
      section("Store", [
        ["Storage", session ? (degraded ? "memory (degraded)" : session.storage) : "none", "storage"],
        ...(degraded ? [/** @type {[string, string, string]} */ (["Why", degraded, "degraded"])] : []),
        ["Used by the origin", bytes(usage), "usage"],
        ["Quota", bytes(quota), "quota"],
        ["Kept for good", this.#estimate ? (this.#estimate.persisted ? "yes" : "no") : "unknown", "persisted"],
      ], usage !== undefined && quota ? usage / quota : undefined),
      section("Worker", [
        ["State", worker?.state ?? "unknown", "worker-state"],
        ["Running for", worker?.started ? duration(Math.max(0, Date.now() - worker.started)) : "unknown", "worker-age"],
        ["L1 hits", number(worker?.hits), "l1-hits"],
        ["L1 misses", number(worker?.misses), "l1-misses"],
        ["L1 holds", worker?.bytes === undefined ? "unknown" : `${plural(worker.files ?? 0, "file")}, ${bytes(worker.bytes)}`, "l1-bytes"],
      ], asked > 0 ? (worker?.hits ?? 0) / asked : undefined),
      section("VFS origin", [["Pattern", this.pattern, "pattern"], ["This session", session?.url ?? "none", "url"]], undefined, "wide"),
      make(
        "div",
        { class: "facts-actions" },
        make("button", { type: "button", class: "button", "data-testid": "status-refresh", disabled: !session, click: () => this.ask() }, icon("reload"), "Ask the worker"),
        "It is not asked by the clock, so that the browser can put it to rest.",
      ),
    );
  }

  #summary() {
    const { session, files, degraded } = this.#workspace;
    const state = this.#estimate?.worker?.state;
    const busy = this.#busy;
    let dot = "good";
    let line = state ? `Ready. Worker ${state}` : "Ready";
    if (busy) {
      dot = "busy";
      line = busy.total ? `${busy.what}: ${bytes(busy.done ?? 0)} of ${bytes(busy.total)}` : `${busy.what}…`;
    } else if (this.#trouble) {
      dot = "bad";
      line = this.#trouble;
    } else if (!session) {
      dot = "";
      line = "No session";
    } else if (degraded) {
      dot = "warn";
      line = "Ready, in memory only";
    }
    this.#dot.dataset.state = dot;
    this.#line.textContent = line;
    const facts = session
      ? [`session ${shortId(session.id)}`, plural(files.length, "file"), bytes(this.#workspace.bytes), degraded ? "memory" : session.storage, `${session.isolation} isolation`]
      : [];
    this.#facts.replaceChildren(...facts.map(fact => make("span", {}, fact)));
  }

  #progress() {
    const bar = byId("progress");
    const { done, total } = this.#busy ?? {};
    const part = total ? (done ?? 0) / total : null;
    bar.hidden = this.#busy === null;
    bar.toggleAttribute("data-unknown", part === null);
    if (part === null) bar.removeAttribute("aria-valuenow");
    else bar.setAttribute("aria-valuenow", String(Math.round(part * 100)));
    bar.setAttribute("aria-label", this.#busy?.what ?? "Working");
    byId("progress-fill").style.setProperty("--done", String(part ?? 0.3));
  }

  #drawLog() {
    this.#log.replaceChildren(
      ...this.#activity.entries.map(({ at, text, took, bad }) =>
        make("li", {}, make("time", {}, at), make("span", { class: bad ? "bad" : "" }, text), make("span", { class: "took" }, took === undefined ? "" : duration(took))),
      ),
    );
  }
}

/**
 * @param {string} title
 * @param {[string, string, string][]} rows name, value, test id
 * @param {number} [part] a bar below, from 0 to 1
 * @param {string} [style] its class
 */
function section(title, rows, part, style) {
  const list = make("dl", {}, ...rows.flatMap(([name, value, id]) => [make("dt", {}, name), make("dd", { "data-testid": `fact-${id}`, title: value }, value)]));
  if (part !== undefined) {
    const fill = make("i");
    fill.style.setProperty("--part", String(Math.min(1, Math.max(0.004, part))));
    list.append(make("div", { class: "meter", "aria-hidden": "true" }, fill));
  }
  return make("section", { class: style }, make("h3", {}, title), list);
}

/** @param {number | undefined} value */
function number(value) {
  return value === undefined ? "unknown" : count(value);
}
