// The code editor: a text area over its own coloured copy, with line numbers. The text area is the truth; the copy only lends it colour.
//
// Files that are not text are shown as what they are: pictures, sound, a line of type, or a size.

import { byId, icon, make } from "./dom.js";
import { editKey } from "./editor-keys.js";
import { bytes } from "./format.js";
import { highlight } from "./highlight.js";
import { kindOf } from "./kinds.js";

/** Past this many characters the text is left plain: colouring each keystroke would be felt. */
const COLOUR_LIMIT = 120_000;

export class Editor {
  /** The file in the editor. @type {string | null} */
  path = null;

  #host = byId("editor");
  #openPath = byId("open-path");
  #input;
  #ink;
  #gutter;
  #line;
  #scroll;
  #language = "text";
  /** What the coloured copy shows, line by line. @type {string[]} */
  #shown = [];
  /** Blob URLs of the viewer. @type {string[]} */
  #urls = [];
  #leaving = false;
  #onInput;

  /**
   * @param {{onInput: () => void, onSave: () => void, onReplace: (path: string) => void}} handlers
   */
  constructor({ onInput, onSave, onReplace }) {
    this.#onInput = onInput;
    this.onReplace = onReplace;
    this.#ink = make("div", { class: "editor-ink", "aria-hidden": "true" });
    this.#gutter = make("div", { class: "editor-gutter", "aria-hidden": "true" });
    this.#line = make("div", { class: "editor-line", "aria-hidden": "true" });
    /** @type {HTMLTextAreaElement} */
    this.#input = make("textarea", {
      class: "editor-input",
      id: "editor-input",
      "data-testid": "editor-input",
      "aria-label": "Code",
      "aria-describedby": "editor-help",
      spellcheck: false,
      autocapitalize: "off",
      autocomplete: "off",
      wrap: "off",
      input: () => this.#changed(),
      keydown: (/** @type {KeyboardEvent} */ event) => this.#key(event, onSave),
      blur: () => (this.#leaving = false),
    });
    this.#input.setAttribute("autocorrect", "off");
    this.#scroll = make("div", { class: "editor-scroll" }, this.#gutter, make("div", { class: "editor-code" }, this.#line, this.#ink, this.#input));
    // One listener for every way in which the caret moves.
    document.addEventListener("selectionchange", () => this.#mark());
    this.empty();
  }

  get text() {
    return this.#input.value;
  }

  /** Whether there is a text in it, and not a picture or nothing. */
  get editable() {
    return this.path !== null && this.#scroll.isConnected;
  }

  get focused() {
    return document.activeElement === this.#input;
  }

  focus() {
    this.#input.focus();
  }

  /**
   * Shows a text file for editing.
   * @param {string} path
   * @param {string} text
   * @param {{keep?: boolean}} [options] `keep`: the same file, changed by somebody else; caret and scroll stay
   */
  showText(path, text, { keep = false } = {}) {
    this.#name(path);
    this.#language = text.length > COLOUR_LIMIT ? "text" : (kindOf(path).language ?? "text");
    const { selectionStart, selectionEnd } = this.#input;
    this.#input.value = text;
    this.#shown = [];
    this.#ink.replaceChildren();
    this.#input.setAttribute("aria-label", `Code of ${path}`);
    this.#host.replaceChildren(this.#scroll);
    this.#paint();
    if (keep) {
      this.#input.setSelectionRange(selectionStart, selectionEnd);
    } else {
      this.#input.setSelectionRange(0, 0);
      this.#scroll.scrollTo(0, 0);
    }
    this.#mark();
  }

  /**
   * Shows a file that is not text.
   * @param {string} path
   * @param {Blob} blob
   * @param {string} type
   */
  showBinary(path, blob, type) {
    this.#name(path);
    const url = URL.createObjectURL(new Blob([blob], { type: safeType(type) }));
    this.#urls.push(url);
    const { kind } = kindOf(path, type);
    const canvas = make("div", { class: kind === "image" ? "viewer-canvas checks" : "viewer-canvas" });
    const facts = make("span", {}, `${type || "unknown type"} · ${bytes(blob.size)}`);
    if (kind === "image") {
      const image = make("img", { src: url, alt: `Picture: ${path}`, load: () => (facts.textContent += ` · ${image.naturalWidth} × ${image.naturalHeight}`) });
      canvas.append(image);
    } else if (kind === "sound" || kind === "video") {
      canvas.append(make(kind === "sound" ? "audio" : "video", { src: url, controls: true, "aria-label": path }));
    } else {
      canvas.append(icon("file"), make("p", {}, "Not a text file."));
      if (kind === "font") showType(canvas, blob);
    }
    this.#host.replaceChildren(
      make(
        "div",
        { class: "viewer", "data-testid": "viewer" },
        canvas,
        make(
          "div",
          { class: "viewer-foot" },
          facts,
          make("button", { type: "button", class: "button", "data-testid": "replace-file", click: () => this.onReplace(path) }, icon("swap"), "Replace"),
          make("a", { class: "button", href: url, download: path.split("/").pop() }, icon("save"), "Download"),
        ),
      ),
    );
  }

  /** Shows nothing. */
  empty(words = "Choose a file to edit it.") {
    this.#name(null);
    this.#host.replaceChildren(make("p", { class: "editor-empty" }, words));
  }

  /** @param {string | null} path */
  #name(path) {
    this.path = path;
    for (const url of this.#urls.splice(0)) URL.revokeObjectURL(url);
    const at = (path ?? "").lastIndexOf("/") + 1;
    this.#openPath.title = path ?? "";
    this.#openPath.replaceChildren(make("span", { class: "path-folder" }, (path ?? "").slice(0, at)), (path ?? "").slice(at));
  }

  #changed() {
    this.#paint();
    this.#mark();
    this.#onInput();
  }

  /** Brings the coloured copy up to the text: only lines that differ are made again. */
  #paint() {
    const text = this.#input.value;
    const lines = highlight(text, this.#language);
    const next = lines.map(line => JSON.stringify(line));
    const old = this.#shown;
    const shorter = Math.min(old.length, next.length);
    let head = 0;
    while (head < shorter && old[head] === next[head]) head += 1;
    let tail = 0;
    while (tail < shorter - head && old[old.length - 1 - tail] === next[next.length - 1 - tail]) tail += 1;
    for (let at = old.length - tail - 1; at >= head; at -= 1) this.#ink.children[at].remove();
    const fresh = document.createDocumentFragment();
    for (let at = head; at < next.length - tail; at += 1) {
      fresh.append(make("div", {}, ...lines[at].map(([kind, part]) => (kind ? make("span", { class: `t-${kind}` }, part) : part))));
    }
    this.#ink.insertBefore(fresh, this.#ink.children[head] ?? null);
    this.#shown = next;
    if (next.length !== old.length) this.#gutter.textContent = Array.from(next, (_, at) => at + 1).join("\n");
  }

  /** Marks the line of the caret. */
  #mark() {
    const { selectionStart, selectionEnd, value } = this.#input;
    const off = !this.focused || selectionStart !== selectionEnd;
    this.#line.toggleAttribute("data-off", off);
    if (off) return;
    let line = 0;
    for (let at = value.indexOf("\n"); at >= 0 && at < selectionStart; at = value.indexOf("\n", at + 1)) line += 1;
    this.#line.style.setProperty("--line-at", String(line));
  }

  /**
   * @param {KeyboardEvent} event
   * @param {() => void} save
   */
  #key(event, save) {
    if (event.isComposing) return;
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "s") {
      event.preventDefault();
      save();
    } else if (event.key === "Escape") {
      // The next Tab moves the focus, as it does everywhere else.
      this.#leaving = true;
    } else if (event.key === "Tab" && this.#leaving) {
      this.#leaving = false;
    } else {
      if (event.key !== "Shift") this.#leaving = false;
      if (editKey(this.#input, event)) event.preventDefault();
    }
  }
}

/**
 * A line of type in the font itself. The name is made up, as one font must not take another's.
 * @param {HTMLElement} canvas
 * @param {Blob} blob
 */
async function showType(canvas, blob) {
  const name = `specimen-${crypto.randomUUID()}`;
  try {
    const face = await new FontFace(name, await blob.arrayBuffer()).load();
    document.fonts.add(face);
    const specimen = make("p", { class: "specimen" }, "ABCDEFGHIJKLM NOPQRSTUVWXYZ 0123456789");
    specimen.style.fontFamily = name;
    canvas.replaceChildren(specimen);
  } catch {
    canvas.append(make("p", {}, "The browser cannot read this font."));
  }
}

/**
 * The type for the viewer's own blob URL: it has this page's origin, so nothing that could run as a document.
 * @param {string} type
 */
function safeType(type) {
  return /^(image\/(?!svg)|audio\/|video\/|font\/)/.test(type) ? type : "application/octet-stream";
}
