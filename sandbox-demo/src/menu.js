// The sample picker: a menu button by the ARIA pattern, each sample with its picture and a line about it.

import { byId, icon, make } from "./dom.js";
import { thumbnail } from "./samples.js";

export class SampleMenu {
  #button = byId("sample-picker");
  #menu = byId("sample-menu");
  #name = byId("sample-name");
  /** @type {HTMLElement[]} */
  #items = [];

  /**
   * @param {import("./samples.js").Sample[]} samples
   * @param {(id: string) => void} onPick
   */
  constructor(samples, onPick) {
    this.#items = samples.map(({ id, title, summary }) =>
      make(
        "button",
        {
          type: "button",
          class: "menu-item",
          role: "menuitemradio",
          tabIndex: -1,
          "aria-checked": "false",
          "aria-label": `${title}: ${summary}`,
          "data-sample": id,
          "data-testid": `sample-${id}`,
          click: () => {
            this.#close(true);
            onPick(id);
          },
        },
        make("img", { src: thumbnail(id), alt: "", width: 44, height: 44 }),
        make("strong", {}, title),
        make("span", {}, summary),
        icon("check"),
      ),
    );
    this.#menu.replaceChildren(...this.#items);
    this.#button.addEventListener("click", () => (this.#menu.hidden ? this.#open() : this.#close(true)));
    this.#button.addEventListener("keydown", event => {
      if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
      event.preventDefault();
      this.#open(event.key === "ArrowUp" ? -1 : undefined);
    });
    this.#menu.addEventListener("keydown", event => this.#key(event));
    addEventListener("pointerdown", event => {
      if (event.target instanceof Node && !this.#menu.contains(event.target) && !this.#button.contains(event.target)) this.#close(false);
    });
  }

  /**
   * Says which sample is open.
   * @param {string} id "" where the files are the visitor's own
   * @param {string} title
   */
  show(id, title) {
    this.#name.textContent = title;
    for (const item of this.#items) item.setAttribute("aria-checked", String(item.dataset.sample === id));
  }

  /** @param {number} [at] the item to start on; else the one that is open */
  #open(at) {
    this.#menu.hidden = false;
    this.#button.setAttribute("aria-expanded", "true");
    const checked = this.#items.findIndex(item => item.getAttribute("aria-checked") === "true");
    this.#items.at(at ?? Math.max(0, checked))?.focus();
  }

  /** @param {boolean} back whether the focus returns to the button */
  #close(back) {
    if (this.#menu.hidden) return;
    this.#menu.hidden = true;
    this.#button.setAttribute("aria-expanded", "false");
    if (back) this.#button.focus();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const at = this.#items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const last = this.#items.length - 1;
    if (event.key === "Escape") this.#close(true);
    else if (event.key === "Tab") return this.#close(false);
    else if (event.key === "ArrowDown") this.#items[at === last ? 0 : at + 1].focus();
    else if (event.key === "ArrowUp") this.#items[at <= 0 ? last : at - 1].focus();
    else if (event.key === "Home") this.#items[0].focus();
    else if (event.key === "End") this.#items[last].focus();
    else if (event.key.length === 1 && event.key !== " ") this.#items.find(item => item.textContent?.toLowerCase().startsWith(event.key.toLowerCase()))?.focus();
    else return;
    event.preventDefault();
  }
}
