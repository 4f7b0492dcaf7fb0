// What happens to single files: opened, edited and saved, made, renamed, deleted with a way back, replaced.

import { byId, debounce } from "./dom.js";
import { Editor } from "./editor.js";
import { plural } from "./format.js";
import { textOf } from "./kinds.js";
import { askPath } from "./path-dialog.js";
import { isNarrow, showPane } from "./tabs.js";

/** How long after the last key a change is put, in ms. */
const SAVE_AFTER = 350;

/** @typedef {import("../virtual-files/index.js").FileEntry} NewFile */

export class Files {
  #workspace;
  #tree;
  #preview;
  #report;
  #onOpen;
  #saveState = byId("save-state");
  #saveSoon = debounce(SAVE_AFTER, () => void this.save());
  #editor;

  /**
   * @param {{
   *   workspace: import("./workspace.js").Workspace,
   *   tree: import("./tree.js").Tree,
   *   preview: import("./preview.js").PreviewPane,
   *   report: import("./report.js").Report,
   *   onOpen: (path: string) => void,
   * }} parts
   */
  constructor({ workspace, tree, preview, report, onOpen }) {
    this.#workspace = workspace;
    this.#tree = tree;
    this.#preview = preview;
    this.#report = report;
    this.#onOpen = onOpen;
    this.#editor = new Editor({
      onInput: () => {
        this.#say("typing", "Edited");
        this.#saveSoon();
      },
      onSave: () => void this.save(),
      onReplace: path => this.replace(path),
    });

    tree.addEventListener("open", event => void this.open(pathIn(event)));
    tree.addEventListener("rename", event => void this.rename(pathIn(event)));
    tree.addEventListener("delete", event => void this.remove(pathIn(event)));
    byId("new-file").addEventListener("click", () => void this.create());
    byId("rename-file").addEventListener("click", () => this.path && void this.rename(this.path));
    byId("delete-file").addEventListener("click", () => this.path && void this.remove(this.path));
    byId("save").addEventListener("click", () => void this.save());
    workspace.addEventListener("files", () => {
      tree.show(workspace.files);
      byId("file-count").textContent = workspace.files.length ? String(workspace.files.length) : "";
      this.#enable();
    });
    workspace.addEventListener("foreign", () => void this.#changedElsewhere());
    addEventListener("keydown", event => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "s" || event.defaultPrevented) return;
      event.preventDefault();
      void this.save();
    });
    addEventListener("pagehide", () => this.settle());
    this.#enable();
  }

  /** The file in the editor. */
  get path() {
    return this.#editor.path;
  }

  /** Puts at once what waits to be put: before the session or the file changes. */
  settle() {
    this.#saveSoon.now();
  }

  /** Puts what is in the editor, and loads the preview again. */
  async save() {
    this.#saveSoon.cancel();
    const { path, text } = this.#editor;
    if (path === null || !this.#editor.editable || !this.#workspace.session) return;
    this.#say("saving", "Saving");
    try {
      const result = await this.#report.timed(`Put ${path}`, () => this.#workspace.put([{ path, content: text }]));
      // More may have been typed by now.
      if (this.path === path && this.#editor.text === text) this.#say("saved", "Saved");
      this.#report.fine("write");
      if (result.degraded) this.#report.degraded(result.degraded);
    } catch (error) {
      this.#say("failed", "Not saved");
      this.#report.failed(error, { topic: "write", context: `Saving ${path}`, retry: () => void this.save() });
      return;
    }
    await this.#preview.reload();
  }

  /**
   * Shows a file in the editor.
   * @param {string} path
   * @param {{quiet?: boolean, keep?: boolean}} [options] `quiet`: the pane in view stays; `keep`: so do caret and scroll
   */
  async open(path, { quiet = false, keep = false } = {}) {
    if (this.path !== path) this.settle();
    try {
      const blob = await this.#workspace.read(path);
      const type = this.#typeOf(path) ?? blob.type;
      const text = await textOf(path, blob, type);
      if (text === null) this.#editor.showBinary(path, blob, type);
      else this.#editor.showText(path, text, { keep });
      this.#say("", "");
      this.#tree.select(path);
      this.#enable();
      this.#onOpen(path);
      this.#report.fine("read");
      if (!quiet && isNarrow()) showPane("code");
    } catch (error) {
      this.#report.failed(error, { topic: "read", context: `Reading ${path}`, retry: () => void this.open(path) });
      // The list may be of a moment ago.
      await this.#workspace.refresh().catch(() => undefined);
    }
  }

  /** Shows no file. @param {string} [words] what to say in its place */
  close(words) {
    this.#saveSoon.cancel();
    this.#editor.empty(words);
    this.#say("", "");
    this.#tree.select(null);
    this.#enable();
  }

  async create() {
    const current = this.#tree.current;
    const folder = current.slice(0, current.lastIndexOf("/") + 1);
    const path = await askPath({ title: "New file", ok: "Create", value: folder, taken: path => this.#workspace.has(path) });
    if (path === null) return;
    await this.#write(`Creating ${path}`, () => this.#workspace.put([{ path, content: "" }]), async () => {
      await this.open(path);
      this.#editor.focus();
    });
  }

  /** @param {string} path */
  async rename(path) {
    const to = await askPath({ title: "Rename", ok: "Rename", value: path, taken: path => this.#workspace.has(path) });
    if (to === null || to === path) return;
    this.settle();
    await this.#write(`Renaming ${path}`, () => this.#workspace.rename(path, to), async () => {
      await this.open(to, { quiet: true });
      this.#tree.focus();
    });
  }

  /** @param {string} path of a file, or of a folder with a slash at the end */
  async remove(path) {
    const paths = path.endsWith("/") ? this.#workspace.files.map(file => file.path).filter(other => other.startsWith(path)) : [path];
    this.settle();
    /** @type {NewFile[]} */
    let kept = [];
    const remove = async () => {
      kept = await Promise.all(paths.map(async path => ({ path, content: await this.#workspace.read(path), type: this.#typeOf(path) })));
      await this.#workspace.remove(paths);
    };
    const restore = () => void this.#write(`Restoring ${path}`, () => this.#workspace.put(kept), () => this.open(paths[0], { quiet: true }));
    await this.#write(`Deleting ${path}`, remove, () => {
      if (this.path !== null && paths.includes(this.path)) this.close();
      this.#tree.focus();
      this.#report.notice(`Deleted ${paths.length === 1 ? paths[0] : plural(paths.length, "file")}.`, { label: "Undo", run: restore });
    });
  }

  /** Puts a file of the visitor's in the place of one. @param {string} path */
  replace(path) {
    const input = document.createElement("input");
    input.type = "file";
    input.addEventListener("change", () => {
      const file = input.files?.[0];
      if (file) void this.#write(`Replacing ${path}`, () => this.#workspace.put([{ path, content: file }]), () => this.open(path));
    });
    input.click();
  }

  /** Somebody else has changed the session, in another tab perhaps. */
  async #changedElsewhere() {
    try {
      await this.#workspace.refresh();
      this.#report.did("Changed by somebody else");
      // What is being typed here wins over what came from there.
      if (this.path !== null && this.#saveState.dataset.state !== "typing") {
        if (this.#workspace.has(this.path)) await this.open(this.path, { quiet: true, keep: true });
        else this.close();
      }
      await this.#preview.reload();
    } catch (error) {
      this.#report.failed(error, { topic: "read", context: "Reading the changed session" });
    }
  }

  /**
   * @param {string} what
   * @param {() => Promise<unknown>} task
   * @param {() => unknown} then
   */
  async #write(what, task, then) {
    try {
      await this.#report.timed(what, task);
    } catch (error) {
      this.#report.failed(error, { topic: "write", context: what, retry: () => void this.#write(what, task, then) });
      return;
    }
    this.#report.fine("write");
    await then();
    await this.#preview.reload();
  }

  /** @param {string} path */
  #typeOf(path) {
    return this.#workspace.files.find(file => file.path === path)?.type;
  }

  #enable() {
    for (const id of ["rename-file", "delete-file"]) /** @type {HTMLButtonElement} */ (byId(id)).disabled = this.path === null;
    /** @type {HTMLButtonElement} */ (byId("save")).disabled = !this.#editor.editable;
    /** @type {HTMLButtonElement} */ (byId("new-file")).disabled = this.#workspace.session === null;
  }

  /**
   * @param {string} state
   * @param {string} text
   */
  #say(state, text) {
    this.#saveState.dataset.state = state;
    this.#saveState.textContent = text;
  }
}

/** @param {Event} event */
function pathIn(event) {
  return /** @type {CustomEvent<string>} */ (event).detail;
}
