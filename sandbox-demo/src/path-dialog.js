// Asks for a path: of a new file, or the new one of a file that is there.

import { byId } from "./dom.js";

/**
 * @param {{title: string, ok: string, value?: string, taken: (path: string) => boolean}} question
 * @returns {Promise<string | null>} null: never mind
 */
export function askPath({ title, ok, value = "", taken }) {
  /** @type {HTMLDialogElement} */
  const dialog = byId("path-dialog");
  /** @type {HTMLInputElement} */
  const input = byId("path-input");
  const error = byId("path-error");
  byId("path-dialog-title").textContent = title;
  byId("path-ok").textContent = ok;
  input.value = value;
  say("");

  return new Promise(resolve => {
    /** @type {string | null} */
    let answer = null;
    const wiring = new AbortController();
    const { signal } = wiring;
    byId("path-form").addEventListener("submit", event => {
      const path = input.value.trim().replace(/^(\.?\/)+/, "");
      const problem = wrong(path) ?? (path !== value && taken(path) ? "There is a file of that name." : null);
      if (problem) {
        event.preventDefault();
        say(problem);
        input.focus();
      } else {
        answer = path;
      }
    }, { signal });
    input.addEventListener("input", () => say(""), { signal });
    byId("path-cancel").addEventListener("click", () => dialog.close(), { signal });
    dialog.addEventListener("close", () => {
      wiring.abort();
      resolve(answer);
    }, { signal });
    dialog.showModal();
    // The name is what changes, not the ending.
    const name = value.lastIndexOf("/") + 1;
    const end = value.lastIndexOf(".");
    input.setSelectionRange(name, end > name ? end : value.length);
  });

  /** @param {string} problem */
  function say(problem) {
    error.textContent = problem;
    input.setAttribute("aria-invalid", String(problem !== ""));
  }
}

/**
 * What is wrong with a path; the store has the last word, this one is only sooner.
 * @param {string} path
 * @returns {string | null}
 */
function wrong(path) {
  if (path === "") return "Write a path such as src/new.js.";
  if (/[\\\u0000-\u001f\u007f-\u009f]/.test(path)) return "A path may not hold backslashes or control characters.";
  if (path.split("/").some(part => part === "" || part === "." || part === "..")) return "A path may not hold empty parts, . or ..";
  return null;
}
