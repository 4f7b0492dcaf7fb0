// Files from the visitor: folders and files dropped anywhere, or picked. Gives them as paths and Files; what becomes of them is not decided here.

import { byId } from "./dom.js";

/**
 * @typedef {object} Bundle
 * @property {string} name what it is called
 * @property {boolean} folder whether one folder was given, which then is the root
 * @property {{path: string, content: File}[]} files
 * @property {number} skipped how many entries were left out as nobody previews them
 */

/** Never part of a site, and often tens of thousands of files. */
const SKIPPED = new Set([".git", "node_modules", ".DS_Store", "Thumbs.db", "desktop.ini"]);

/**
 * Wires the drop target and the pickers.
 * @param {{onBundle: (bundle: Bundle) => void, onReading: (reading: boolean) => void, onError: (error: unknown) => void}} handlers
 */
export function setUpIntake({ onBundle, onReading, onError }) {
  const overlay = byId("drop-overlay");
  const holdsFiles = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files") ?? false;

  /** @param {() => Promise<Bundle> | Bundle} gather */
  const take = async gather => {
    onReading(true);
    try {
      const bundle = await gather();
      if (bundle.files.length === 0) throw Object.assign(new Error("No files were found."), { code: "NOTHING_TO_OPEN" });
      onBundle(bundle);
    } catch (error) {
      onError(error);
    } finally {
      onReading(false);
    }
  };

  addEventListener("dragenter", event => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    // Over the whole window, and over the preview's frame, which would take the drop for itself.
    overlay.hidden = false;
  });
  addEventListener("dragover", event => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    if (event.dataTransfer) event.dataTransfer.dropEffect = "copy";
  });
  addEventListener("dragleave", event => {
    // Out of the window, not from one element to the next.
    if (event.relatedTarget === null) overlay.hidden = true;
  });
  addEventListener("drop", event => {
    overlay.hidden = true;
    if (!holdsFiles(event) || !event.dataTransfer) return;
    event.preventDefault();
    // The entries must be asked for now: the transfer is empty after this turn.
    const entries = [...event.dataTransfer.items].map(item => (item.kind === "file" ? item.webkitGetAsEntry() : null)).filter(entry => entry !== null);
    const loose = [...event.dataTransfer.files];
    take(() => (entries.length > 0 ? fromEntries(entries) : fromFiles(loose)));
  });
  addEventListener("keydown", event => {
    if (event.key === "Escape") overlay.hidden = true;
  });

  for (const [input, buttons] of /** @type {const} */ ([["folder-input", ["open-folder", "pick-folder"]], ["files-input", ["pick-files"]]])) {
    const field = byId(input);
    for (const button of buttons) byId(button).addEventListener("click", () => field.click());
    field.addEventListener("change", () => {
      const picked = [.../** @type {HTMLInputElement} */ (field).files ?? []];
      // The same folder can be picked again.
      /** @type {HTMLInputElement} */ (field).value = "";
      if (picked.length > 0) take(() => fromFiles(picked));
    });
  }
}

/**
 * The page to show first: the root's index, else the shallowest index, else the shallowest page.
 * @param {string[]} paths
 * @returns {string} a path; "" where there is no page: the root lists its files
 */
export function entryOf(paths) {
  const depth = (/** @type {string} */ path) => path.split("/").length;
  const rank = (/** @type {string} */ path) => depth(path) * 2 + (/(^|\/)index\.html?$/i.test(path) ? 0 : 1);
  return paths.filter(path => /\.html?$/i.test(path)).sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))[0] ?? "";
}

/**
 * @param {File[]} picked
 * @returns {Bundle}
 */
function fromFiles(picked) {
  return bundle(picked.map(file => ({ path: file.webkitRelativePath || file.name, content: file })), 0);
}

/**
 * @param {FileSystemEntry[]} entries
 * @returns {Promise<Bundle>}
 */
async function fromEntries(entries) {
  /** @type {{path: string, content: File}[]} */
  const found = [];
  let skipped = 0;
  /** @param {FileSystemEntry} entry */
  const walk = async entry => {
    if (SKIPPED.has(entry.name)) {
      skipped += 1;
    } else if (entry.isDirectory) {
      const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
      // A reader hands its entries out a hundred at a time, and an empty list last.
      for (;;) {
        const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
        if (some.length === 0) break;
        await Promise.all(some.map(walk));
      }
    } else {
      const content = await new Promise((resolve, reject) => /** @type {FileSystemFileEntry} */ (entry).file(resolve, reject));
      found.push({ path: entry.fullPath.replace(/^\//, ""), content });
    }
  };
  await Promise.all(entries.map(walk));
  return bundle(found, skipped);
}

/**
 * Leaves out what is skipped, and the name of the one folder that everything is in.
 * @param {{path: string, content: File}[]} found
 * @param {number} skipped
 * @returns {Bundle}
 */
function bundle(found, skipped) {
  const kept = found.filter(({ path }) => !path.split("/").some(part => SKIPPED.has(part)));
  const roots = new Set(kept.map(({ path }) => path.split("/")[0]));
  const [root = "files"] = roots;
  const folder = roots.size === 1 && kept.every(({ path }) => path.includes("/"));
  const files = folder ? kept.map(({ path, content }) => ({ path: path.slice(root.length + 1), content })) : kept;
  return { name: folder || files.length === 1 ? root : `${files.length} files`, folder, files, skipped: skipped + found.length - kept.length };
}
