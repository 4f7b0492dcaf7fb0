// The preview pane: the frame that the SDK mounts, its address, reload and home.

import { byId, icon, make } from "./dom.js";
import { shortId } from "./format.js";

/** What previews may do beside running scripts in an origin of their own. */
const ALLOWED = { sandbox: "allow-forms allow-modals allow-popups allow-downloads", allow: "fullscreen; autoplay" };

/**
 * Events: "loaded" (detail: ms, or null where a page has loaded another by itself), "failed" (detail: the error).
 */
export class PreviewPane extends EventTarget {
  #host = byId("preview");
  #note = byId("preview-note");
  #stage = byId("stage");
  #origin = byId("address-origin");
  /** @type {HTMLInputElement} */
  #input = byId("preview-url");
  /** @type {import("../virtual-files/index.js").Preview | null} */
  #preview = null;
  /** @type {import("../virtual-files/index.js").Session | null} */
  #session = null;
  #entry = "";
  #home = "";
  #since = 0;
  #turn = 0;

  constructor() {
    super();
    byId("preview-reload").addEventListener("click", () => this.reload());
    byId("preview-home").addEventListener("click", () => this.navigate(this.#home));
    byId("address").addEventListener("submit", event => {
      event.preventDefault();
      this.navigate(this.#input.value.trim());
    });
    this.#input.addEventListener("keydown", event => {
      if (event.key === "Escape") this.#address();
    });
    byId("preview-width").addEventListener("click", event => {
      const on = this.#stage.toggleAttribute("data-narrow");
      /** @type {HTMLElement} */ (event.currentTarget).setAttribute("aria-pressed", String(on));
    });
    this.note("Starting", "The preview appears here.");
  }

  /** The frame's URL as it was asked for; a page that navigates by itself does not tell us. */
  get url() {
    return this.#preview?.url ?? "";
  }

  /**
   * Mounts a session's page in place of what is shown.
   * @param {import("../virtual-files/index.js").Session} session
   * @param {string} entry
   * @param {string} title
   */
  async show(session, entry, title) {
    this.clear();
    this.#session = session;
    this.#home = session.isolation === "origin" ? entry : entry.replace(/^\/+/, "");
    this.#entry = this.#home;
    this.#since = performance.now();
    this.#note.hidden = true;
    this.#address();
    const turn = (this.#turn += 1);
    try {
      const preview = await session.mount(this.#host, { entry: this.#entry, title: `Preview of ${title}`, ...ALLOWED });
      if (turn !== this.#turn) return preview.dispose();
      this.#preview = preview;
    } catch (error) {
      // Another one is being shown by now: this one is no loss.
      if (turn !== this.#turn) return;
      throw error;
    }
    // It has loaded already: these are the loads from now on.
    this.#preview.addEventListener("load", () => this.#loaded());
    this.#loaded();
  }

  /** Takes the frame away. */
  clear() {
    this.#turn += 1;
    this.#preview?.dispose();
    this.#preview = null;
    this.#session = null;
    this.#host.replaceChildren();
    this.#address();
  }

  /**
   * Says why there is no preview.
   * @param {string} title
   * @param {string} text
   * @param {string} [code]
   */
  note(title, text, code) {
    this.#note.hidden = false;
    this.#note.replaceChildren(icon(code ? "alert" : "play"), make("strong", {}, title), code ? make("code", {}, code) : "", make("span", {}, text));
  }

  async reload() {
    await this.#move(preview => preview.reload());
  }

  /** @param {string} entry */
  async navigate(entry) {
    this.#entry = this.#session?.isolation === "origin" ? entry : entry.replace(/^\/+/, "");
    await this.#move(preview => preview.navigate(this.#entry));
    this.#address();
  }

  /** @param {(preview: import("../virtual-files/index.js").Preview) => Promise<void>} how */
  async #move(how) {
    const preview = this.#preview;
    if (!preview) return;
    this.#since = performance.now();
    try {
      await how(preview);
    } catch (error) {
      if (preview === this.#preview) this.dispatchEvent(new CustomEvent("failed", { detail: error }));
    }
  }

  #loaded() {
    const took = this.#since ? performance.now() - this.#since : null;
    this.#since = 0;
    this.dispatchEvent(new CustomEvent("loaded", { detail: took }));
  }

  /** The address as origin and path; the origin is cut short, its whole is the tooltip. */
  #address() {
    const session = this.#session;
    for (const control of [this.#input, ...["preview-reload", "preview-home", "copy-url"].map(id => byId(id))]) {
      /** @type {HTMLInputElement} */ (control).disabled = !session;
    }
    this.#input.value = this.#entry;
    if (!session) {
      this.#origin.textContent = "";
      this.#input.value = "";
      return;
    }
    const base = this.#entry.startsWith("/") ? new URL(session.url).origin : session.url;
    this.#origin.textContent = base.replaceAll(session.id, shortId(session.id));
    this.#origin.title = base;
  }
}
