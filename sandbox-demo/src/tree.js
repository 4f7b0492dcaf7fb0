// The file list as a tree, by the ARIA pattern of that name: one stop for Tab, arrows inside, letters to jump.

import { byId, icon, make } from "./dom.js";
import { bytes } from "./format.js";
import { kindOf } from "./kinds.js";

/**
 * @typedef {import("../virtual-files/index.js").FileInfo} FileInfo
 * @typedef {{path: string, name: string, depth: number, place: number, among: number, file?: FileInfo}} Row a folder has no `file`, and a path that ends in a slash
 * @typedef {{folders: Map<string, Node>, files: FileInfo[]}} Node
 */

/** With more files than this, folders start out closed. */
const OPEN_LIMIT = 300;

export class Tree extends EventTarget {
  /** The file in the editor. @type {string | null} */
  selected = null;

  #host = byId("tree");
  /** @type {FileInfo[]} */
  #files = [];
  /** @type {Row[]} the rows that can be seen */
  #rows = [];
  /** Folders that the visitor has opened or closed. @type {Map<string, boolean>} */
  #toggled = new Map();
  /** The path of the row that Tab comes to. */
  #current = "";
  #typed = "";
  #typedAt = 0;

  constructor() {
    super();
    this.#host.addEventListener("click", event => {
      const path = pathOf(event.target);
      if (path !== null) this.#activate(path);
    });
    this.#host.addEventListener("focusin", event => {
      const path = pathOf(event.target);
      if (path !== null) this.#settle(path);
    });
    this.#host.addEventListener("keydown", event => {
      if (!event.ctrlKey && !event.metaKey && !event.altKey && this.#key(event)) event.preventDefault();
    });
  }

  /** The path of the row that has the focus, or had it last; folders too, with a slash at their end. */
  get current() {
    return this.#current;
  }

  /** @param {FileInfo[]} files sorted by path */
  show(files) {
    this.#files = files;
    this.#draw();
  }

  /**
   * Marks a file as the one in the editor, and opens the folders that it is in.
   * @param {string | null} path
   */
  select(path) {
    this.selected = path;
    if (path !== null) {
      const parts = path.split("/").slice(0, -1);
      parts.forEach((_, at) => this.#toggled.set(`${parts.slice(0, at + 1).join("/")}/`, true));
      // Who has gone on with the keys in the meantime is not called back.
      if (!this.#host.contains(document.activeElement)) this.#current = path;
    }
    this.#draw();
  }

  /** Forgets which folders were open: these are other files. */
  reset() {
    this.#toggled.clear();
    this.#current = "";
  }

  focus() {
    this.#row(this.#current)?.focus();
  }

  #draw() {
    const focused = this.#host.contains(document.activeElement);
    this.#rows = [];
    this.#collect(plant(this.#files), "", 0);
    if (!this.#rows.some(row => row.path === this.#current)) this.#current = this.#rows[0]?.path ?? "";
    this.#host.replaceChildren(...(this.#rows.length > 0 ? this.#rows.map(row => this.#draw1(row)) : [make("p", { class: "tree-empty", role: "none" }, "No files yet.")]));
    if (focused) this.focus();
  }

  /**
   * @param {Node} node
   * @param {string} prefix
   * @param {number} depth
   */
  #collect(node, prefix, depth) {
    const among = node.folders.size + node.files.length;
    let place = 0;
    for (const [name, folder] of node.folders) {
      const path = `${prefix}${name}/`;
      this.#rows.push({ path, name, depth, place: (place += 1), among });
      if (this.#isOpen(path)) this.#collect(folder, path, depth + 1);
    }
    for (const file of node.files) {
      this.#rows.push({ path: file.path, name: file.path.slice(prefix.length), depth, place: (place += 1), among, file });
    }
  }

  /** @param {Row} row */
  #draw1({ path, name, depth, place, among, file }) {
    const { kind, icon: picture } = file ? kindOf(path, file.type) : { kind: "folder", icon: this.#isOpen(path) ? "folder-open" : "folder" };
    const drawn = icon(picture);
    drawn.dataset.kind = kind;
    const element = make(
      "div",
      {
        class: "tree-row",
        role: "treeitem",
        "data-path": path,
        "data-testid": file ? "tree-file" : "tree-folder",
        "aria-level": depth + 1,
        "aria-posinset": place,
        "aria-setsize": among,
        "aria-selected": file ? path === this.selected : undefined,
        "aria-expanded": file ? undefined : this.#isOpen(path),
        tabIndex: path === this.#current ? 0 : -1,
        title: path,
      },
      file ? null : icon("chevron", "twist"),
      drawn,
      make("span", { class: "tree-name" }, name),
      // For the name that is read out: a word's distance from the size.
      " ",
      file ? make("span", { class: "tree-size" }, bytes(file.size)) : null,
    );
    element.style.setProperty("--depth", String(depth));
    return element;
  }

  /** @param {string} path */
  #isOpen(path) {
    return this.#toggled.get(path) ?? this.#files.length <= OPEN_LIMIT;
  }

  /**
   * @param {string} path
   * @param {boolean} open
   */
  #toggle(path, open) {
    this.#toggled.set(path, open);
    this.#draw();
    this.focus();
  }

  /** @param {string} path */
  #activate(path) {
    const row = this.#rows.find(row => row.path === path);
    if (!row) return;
    if (row.file) this.#ask("open", path);
    else this.#toggle(path, !this.#isOpen(path));
  }

  /**
   * @param {"open" | "delete" | "rename"} what
   * @param {string} path
   */
  #ask(what, path) {
    this.dispatchEvent(new CustomEvent(what, { detail: path }));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const at = this.#rows.findIndex(row => row.path === this.#current);
    const row = this.#rows[at];
    if (!row) return false;
    const open = !row.file && this.#isOpen(row.path);
    switch (event.key) {
      case "ArrowDown":
        return this.#go(at + 1);
      case "ArrowUp":
        return this.#go(at - 1);
      case "Home":
        return this.#go(0);
      case "End":
        return this.#go(this.#rows.length - 1);
      case "ArrowRight":
        if (!row.file && !open) this.#toggle(row.path, true);
        else if (open) this.#go(at + 1);
        return true;
      case "ArrowLeft":
        if (open) this.#toggle(row.path, false);
        else this.#go(this.#rows.findIndex(other => !other.file && row.path.startsWith(other.path) && other.depth === row.depth - 1));
        return true;
      case "Enter":
      case " ":
        this.#activate(row.path);
        return true;
      case "Delete":
        this.#ask("delete", row.path);
        return true;
      case "F2":
        if (row.file) this.#ask("rename", row.path);
        return true;
      default:
        return event.key.length === 1 && this.#jump(event.key, at);
    }
  }

  /** @param {number} at */
  #go(at) {
    const row = this.#rows[Math.max(0, Math.min(at, this.#rows.length - 1))];
    if (at >= 0 || row === this.#rows[0]) this.#enter(row.path);
    return true;
  }

  /**
   * To the next row whose name starts with what has been typed.
   * @param {string} letter
   * @param {number} from
   */
  #jump(letter, from) {
    const now = performance.now();
    this.#typed = now - this.#typedAt < 700 ? this.#typed + letter.toLowerCase() : letter.toLowerCase();
    this.#typedAt = now;
    const start = this.#typed.length > 1 ? from : from + 1;
    for (let step = 0; step < this.#rows.length; step += 1) {
      const row = this.#rows[(start + step) % this.#rows.length];
      if (!row.name.toLowerCase().startsWith(this.#typed)) continue;
      this.#enter(row.path);
      break;
    }
    return true;
  }

  /** @param {string} path */
  #enter(path) {
    this.#settle(path);
    this.focus();
  }

  /** Makes a row the one that Tab comes to. @param {string} path */
  #settle(path) {
    const former = this.#row(this.#current);
    if (former) former.tabIndex = -1;
    this.#current = path;
    const row = this.#row(path);
    if (row) row.tabIndex = 0;
  }

  /**
   * @param {string} path
   * @returns {HTMLElement | null}
   */
  #row(path) {
    return /** @type {HTMLElement | null} */ ([...this.#host.children].find(row => /** @type {HTMLElement} */ (row).dataset.path === path) ?? null);
  }
}

/**
 * Paths as folders in folders.
 * @param {FileInfo[]} files
 * @returns {Node}
 */
function plant(files) {
  /** @type {Node} */
  const root = { folders: new Map(), files: [] };
  for (const file of files) {
    let node = root;
    for (const part of file.path.split("/").slice(0, -1)) {
      let next = node.folders.get(part);
      if (!next) node.folders.set(part, (next = { folders: new Map(), files: [] }));
      node = next;
    }
    node.files.push(file);
  }
  return root;
}

/** @param {EventTarget | null} target */
function pathOf(target) {
  const row = target instanceof Element ? target.closest(".tree-row") : null;
  return row instanceof HTMLElement ? (row.dataset.path ?? null) : null;
}
