// What the playground shows: a sample, the visitor's own files, or the session that the address names; and under which isolation and storage.
//
// Whatever fails, what was shown before stays, and a banner says why.

import { readPlace, writePlace } from "./address.js";
import { bytes, plural } from "./format.js";
import { entryOf } from "./intake.js";
import { filesOf } from "./samples.js";
import { isNarrow, showPane } from "./tabs.js";

/** How the visitor's own files are served: a folder without an index lists its files. */
const OWN = { listing: true };

/**
 * @typedef {import("./address.js").Place} Place
 * @typedef {import("./samples.js").Sample} Sample
 *
 * @typedef {object} What
 * @property {string} title
 * @property {string} entry the page to show first, as a reference against the session's root
 * @property {string} [open] the file to show first
 * @property {import("./workspace.js").ServeOptions} options
 * @property {import("./workspace.js").Wanted["files"]} [files]
 * @property {() => void} retry
 */

export class Opener {
  /** @type {Sample[]} */
  samples = [];
  /** @type {import("./menu.js").SampleMenu | null} */
  menu = null;

  #parts;
  #place = readPlace();
  #title = "";
  #root = document.documentElement;

  /**
   * @param {{
   *   workspace: import("./workspace.js").Workspace,
   *   files: import("./files.js").Files,
   *   tree: import("./tree.js").Tree,
   *   preview: import("./preview.js").PreviewPane,
   *   status: import("./status.js").Status,
   *   report: import("./report.js").Report,
   * }} parts
   */
  constructor(parts) {
    this.#parts = parts;
    for (const input of choices()) {
      input.addEventListener("change", () => void this.#choose({ [input.name]: input.value }));
    }
    addEventListener("hashchange", () => {
      const next = readPlace();
      if (next.session === parts.workspace.session?.id && next.sample === this.#place.sample) return;
      this.#place = next;
      void this.restore();
    });
    this.#showChoices();
  }

  /** Keeps in the address which file is in the editor. @param {string} path */
  opened(path) {
    this.#place = { ...this.#place, file: path };
    this.#write();
  }

  /**
   * @param {string} id
   * @returns {Promise<void>}
   */
  async openSample(id) {
    const sample = this.samples.find(sample => sample.id === id) ?? this.samples[0];
    if (!sample) return;
    this.#parts.tree.reset();
    await this.#open(
      { ...this.#place, session: undefined, entry: undefined, file: undefined, sample: sample.id },
      {
        title: sample.title,
        entry: sample.entry,
        open: sample.open,
        options: sample.options ?? {},
        files: report => filesOf(sample, report),
        retry: () => void this.openSample(id),
      },
    );
  }

  /**
   * Opens the session of the address with what it has. One that is gone is filled from its sample.
   * @returns {Promise<void>}
   */
  async restore() {
    const { session, sample: id, entry } = this.#place;
    const sample = this.#sample();
    if (!session || (!sample && id !== "own")) return this.openSample(id);
    const what = { title: sample?.title ?? "Your files", entry: sample?.entry ?? entry ?? "", open: sample?.open, options: sample?.options ?? OWN, retry: () => void this.restore() };
    const { workspace, report } = this.#parts;
    if (!(await this.#open(this.#place, what)) || workspace.files.length > 0) return;
    if (!sample) report.notice("That session is gone: it was in memory, or the browser has cleared it. Here is a sample.");
    return this.openSample(sample?.id ?? "");
  }

  /**
   * Shows files of the visitor's: in the session that is open where it serves files the same way, else in a new one.
   * @param {import("./intake.js").Bundle} bundle
   * @returns {Promise<void>}
   */
  async openBundle(bundle) {
    const { workspace, files, tree, preview, report } = this.#parts;
    const { name, folder, skipped } = bundle;
    const page = entryOf(bundle.files.map(file => file.path));
    const entry = page.split("/").map(encodeURIComponent).join("/");
    const title = folder || bundle.files.length === 1 ? name : "Your files";
    const next = { ...this.#place, sample: "own", entry: entry || undefined, file: undefined };
    const retry = () => void this.openBundle(bundle);
    tree.reset();
    if (workspace.session && workspace.serves(OWN)) {
      try {
        await report.timed(`Put ${plural(bundle.files.length, "file")}`, () => workspace.put(bundle.files, { mode: "replace", what: `Putting ${name}` }));
      } catch (error) {
        report.failed(error, { topic: "open", context: `Opening ${name}`, retry });
        return;
      }
      report.fine("open");
      this.#shown(next, title);
      if (!(await this.#show({ title, entry, open: page || undefined, options: OWN, retry }))) return;
    } else if (!(await this.#open({ ...next, session: undefined }, { title, entry, open: page || undefined, options: OWN, files: bundle.files, retry }))) {
      return;
    }
    const left = skipped ? ` ${skipped === 1 ? "One entry was" : `${skipped} entries were`} left out, such as node_modules.` : "";
    report.notice(`Opened ${plural(bundle.files.length, "file")} of ${name}.${page ? "" : " There is no page among them, so the root lists them."}${left}`);
    if (isNarrow()) showPane("preview");
  }

  /**
   * Another isolation or storage: the files move to a new session of that kind.
   * @param {Partial<Place>} change
   * @returns {Promise<void>}
   */
  async #choose(change) {
    const { workspace, files } = this.#parts;
    if (!workspace.session) {
      this.#place = { ...this.#place, ...change };
      return this.restore();
    }
    const sample = this.#sample();
    await this.#open(
      { ...this.#place, ...change, session: undefined, file: files.path ?? undefined },
      {
        title: this.#title,
        entry: sample?.entry ?? this.#place.entry ?? "",
        options: sample?.options ?? OWN,
        files: () => workspace.snapshot(),
        retry: () => void this.#choose(change),
      },
    );
  }

  /**
   * @param {Place} next
   * @param {What} what
   * @returns {Promise<boolean>} whether it is open now
   */
  async #open(next, what) {
    const { workspace, files, preview, status, report } = this.#parts;
    files.settle();
    this.#root.dataset.state = "opening";
    report.fine("open");
    status.trouble(null);
    if (!workspace.session) {
      this.menu?.show(next.sample, what.title);
      preview.note("Opening", "Waiting for the VFS origin.");
    }
    const since = performance.now();
    try {
      const done = await workspace.open({ id: next.session, isolation: next.isolation, storage: next.storage, options: what.options, files: what.files });
      // Overtaken: the later one sees to the rest.
      if (!done) return false;
    } catch (error) {
      const problem = report.failed(error, { topic: "open", context: `Opening ${what.title}`, retry: what.retry });
      if (workspace.session) {
        report.notice(`Still in ${workspace.session.isolation} isolation, with ${this.#title}.`);
        this.#root.dataset.state = "ready";
      } else {
        preview.note("No preview", "The message above says why, and what to do.", problem.code);
        files.close("No session is open.");
        status.trouble(problem.code);
        this.#root.dataset.state = "failed";
      }
      this.#showChoices();
      return false;
    }
    report.did(`Opened ${what.title}: ${plural(workspace.files.length, "file")}, ${bytes(workspace.bytes)}`, performance.now() - since);
    this.#shown(next, what.title);
    report.fine("degraded");
    if (workspace.degraded) report.degraded(workspace.degraded);
    const shown = await this.#show(what);
    await workspace.retire();
    return shown;
  }

  /**
   * The session's page in the preview, and a file in the editor.
   * @param {What} what
   */
  async #show({ title, entry, open, retry }) {
    const { workspace, files, preview, report } = this.#parts;
    const { session } = workspace;
    if (!session) return false;
    const first = [this.#place.file, open, "index.html"].find(path => path && workspace.has(path)) ?? workspace.files[0]?.path;
    try {
      await Promise.all([preview.show(session, entry, title), first ? files.open(first, { quiet: true }) : files.close()]);
    } catch (error) {
      if (session !== workspace.session) return false;
      const problem = report.failed(error, { topic: "open", context: `Showing ${title}`, retry });
      preview.note("No preview", "The message above says why, and what to do.", problem.code);
    }
    if (session !== workspace.session) return false;
    this.#root.dataset.state = "ready";
    return true;
  }

  /**
   * @param {Place} place
   * @param {string} title
   */
  #shown(place, title) {
    this.#place = place;
    this.#title = title;
    this.#write();
    this.menu?.show(place.sample, title);
    document.title = `${title} · Virtual Files playground`;
    this.#showChoices();
  }

  #write() {
    const id = this.#parts.workspace.session?.id;
    this.#place = { ...this.#place, session: id };
    writePlace(this.#place);
  }

  #sample() {
    return this.samples.find(sample => sample.id === this.#place.sample);
  }

  #showChoices() {
    for (const input of choices()) input.checked = input.value === this.#place[/** @type {"isolation" | "storage"} */ (input.name)];
  }
}

function choices() {
  return /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll('input[name="isolation"], input[name="storage"]'));
}
