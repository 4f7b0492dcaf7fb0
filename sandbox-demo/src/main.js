// The playground's entry: makes the parts and wires them to one another. Who wants to see the SDK in use reads workspace.js.
//
// Test ids (`data-testid`), stable for end-to-end tests:
//   top bar     sample-picker, sample-name, sample-<id> (almanac, murmuration, tape, islands), isolation-{origin,shared,opaque} and
//               storage-{indexeddb,memory} (radio inputs), theme-{system,light,dark}, open-folder, settings-toggle (narrow only)
//   messages    banners, banner (data-topic, data-code), banner-code, banner-message, banner-retry, banner-dismiss, notices, notice,
//               notice-action, progress
//   files       tree, tree-file and tree-folder (data-path; a folder's ends in /), file-count, new-file, rename-file, delete-file, dropzone,
//               drop-overlay, pick-folder, pick-files, folder-input and files-input (file inputs, can be given files by a driver),
//               path-dialog, path-input, path-error, path-ok, path-cancel
//   code        open-path, editor, editor-input (text area), save, save-state (data-state: saved, saving, typing, failed), viewer, replace-file
//   preview     preview (holds the iframe), preview-url, preview-origin, preview-home, preview-reload, preview-width, copy-url, preview-note
//   status      status-toggle, status-line, status-panel, facts, fact-{session-id,version,files,bytes,isolation,storage,degraded,usage,quota,
//               persisted,worker-state,worker-age,l1-hits,l1-misses,l1-bytes,pattern,url}, activity, status-refresh
//   splitters   split-files, split-preview; tabs (narrow only): tab-{files,code,preview,status}
// The <html> element's data-state is "starting", "opening", "ready" or "failed"; data-loads counts the previews' load events.

import { Activity } from "./activity.js";
import { originPattern } from "./address.js";
import { Messages } from "./banners.js";
import { byId } from "./dom.js";
import { Files } from "./files.js";
import { setUpIntake } from "./intake.js";
import { SampleMenu } from "./menu.js";
import { Opener } from "./opener.js";
import { PreviewPane } from "./preview.js";
import { sameSite } from "./problems.js";
import { Report } from "./report.js";
import { loadSamples } from "./samples.js";
import { setUpSplitters } from "./splitters.js";
import { Status } from "./status.js";
import { setUpTabs } from "./tabs.js";
import { setUpTheme } from "./theme.js";
import { Tree } from "./tree.js";
import { Workspace } from "./workspace.js";

setUpTheme();
setUpSplitters();
void start();

async function start() {
  const root = document.documentElement;
  root.dataset.state = "starting";
  let given;
  try {
    given = originPattern();
  } catch (error) {
    new Messages({ origin: "", page: location.href }).error(error, { context: "The VFS origin" });
    root.dataset.state = "failed";
    return;
  }

  const around = { origin: given.pattern, page: location.href };
  const messages = new Messages(around);
  const activity = new Activity();
  const report = new Report(messages, activity);
  const workspace = new Workspace(given.pattern);
  const tree = new Tree();
  const preview = new PreviewPane();
  const status = new Status(workspace, activity, given.pattern);
  const files = new Files({ workspace, tree, preview, report, onOpen: path => opener.opened(path) });
  const opener = new Opener({ workspace, files, tree, preview, status, report });

  // What no part has caught is shown as well.
  addEventListener("error", event => messages.error(event.error ?? event.message, { context: "The playground" }));
  addEventListener("unhandledrejection", event => messages.error(event.reason, { context: "The playground" }));
  if (given.chosen) {
    messages.warn("Another VFS origin than this page's own", `The address asks for \`${given.pattern}\`. Files that you open here are handed to it.`, { topic: "origin" });
  }
  const better = sameSite(around);
  if (better) report.did(`This page and the VFS origin are on two sites. Should the browser mind: ${better}`);

  setUpTabs({ onStatus: () => void status.ask() });
  setUpIntake({
    onBundle: bundle => void opener.openBundle(bundle),
    onReading: reading => reading && report.did("Reading what was dropped or picked"),
    onError: error => report.failed(error, { topic: "open", context: "Opening files" }),
  });
  workspace.addEventListener("files", () => status.refresh());
  preview.addEventListener("loaded", event => {
    root.dataset.loads = String(Number(root.dataset.loads ?? 0) + 1);
    report.did("Preview loaded", /** @type {CustomEvent<number | null>} */ (event).detail ?? undefined);
    report.fine("preview");
    status.refresh();
  });
  preview.addEventListener("failed", event => {
    const error = /** @type {CustomEvent<unknown>} */ (event).detail;
    report.failed(error, { topic: "preview", context: "The preview", retry: () => void preview.reload() });
  });
  byId("copy-url").addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(preview.url);
      report.notice("The preview's URL is in the clipboard.");
    } catch {
      report.notice(`The browser does not let this page use the clipboard. The URL: ${preview.url}`);
    }
  });

  try {
    opener.samples = await loadSamples();
  } catch (error) {
    report.failed(error, { topic: "samples", context: "Loading the samples", retry: () => location.reload() });
    preview.note("No samples", "The message above says why. A folder of yours can be opened all the same.");
    root.dataset.state = "failed";
    return;
  }
  opener.menu = new SampleMenu(opener.samples, id => void opener.openSample(id));
  await opener.restore();
}
