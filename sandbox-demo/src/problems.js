// What each error of the SDK means to the person at the screen, and what they can do about it. Texts only: banner.js shows them.

/**
 * @typedef {object} Advice
 * @property {string} title
 * @property {string} advice `…` in backquotes is set as code
 * @property {{label: string, href: string}[]} [links]
 * @property {boolean} [retry] trying again may help
 */

/**
 * @typedef {object} Surroundings
 * @property {string} origin the VFS origin's pattern
 * @property {string} page this page's URL
 */

/**
 * Any thrown value as a code and a sentence.
 * @param {unknown} thrown
 * @returns {{code: string, message: string}}
 */
export function problemOf(thrown) {
  const error = /** @type {any} */ (thrown);
  const code = typeof error?.code === "string" ? error.code : typeof error?.name === "string" ? error.name : "Error";
  const message = typeof error?.message === "string" && error.message ? error.message : String(thrown);
  return { code, message };
}

/**
 * The address of this page on the site of the VFS origin, where third-party rules do not apply.
 * @param {Surroundings} around
 * @returns {string | null} null where the page is on that site, or no such address is known
 */
export function sameSite({ origin, page }) {
  try {
    const host = new URL(origin.replace("{session}.", "")).hostname;
    const here = new URL(page);
    if (!host.endsWith(".localhost") || here.hostname === host || here.hostname.endsWith(`.${host}`)) return null;
    here.hostname = `app.${host}`;
    return here.href;
  } catch {
    return null;
  }
}

/** @type {Record<string, (around: Surroundings) => Advice>} */
const ADVICE = {
  SERVICE_WORKER_UNAVAILABLE: around => {
    const better = sameSite(around);
    return {
      title: "The browser does not let the preview's origin have a service worker",
      advice: better
        ? "This page and the VFS origin are on two sites, and the browser blocks third-party storage. Open the playground on the VFS origin's own site, or allow third-party cookies for this page."
        : "Private windows, blocked site data and insecure addresses all switch service workers off. Use a normal window, allow site data, and serve the VFS origin over https (or from localhost).",
      links: better ? [{ label: "Open on the same site", href: better }] : [],
      retry: true,
    };
  },
  TIMEOUT: around => ({
    title: "The VFS origin does not answer",
    advice: `Nothing came from \`${around.origin}\` in time. In development start it with \`cargo xtask dev\`; elsewhere check the address in \`?origin=\` and that this page is among its allowed hosts.`,
    retry: true,
  }),
  QUOTA_EXCEEDED: () => ({
    title: "The browser has no room left for these files",
    advice: "The session is as it was before. Open a smaller folder, free site data in the browser's settings, or keep the session in memory.",
  }),
  STORAGE_UNAVAILABLE: () => ({
    title: "The browser refuses IndexedDB here",
    advice: "Site data may be blocked, or the profile is full or damaged. Switch the storage to memory to go on: it lasts as long as this page.",
    retry: true,
  }),
  EDGE_UNAVAILABLE: () => ({
    title: "Opaque isolation is not available on this origin",
    advice: "No service worker ever serves a frame without an origin, so the files must be answered by an edge that holds them, and this origin has none. Use origin isolation, which walls every session off by an origin of its own.",
  }),
  ORIGIN_NOT_ALLOWED: around => ({
    title: "This page may not use that VFS origin",
    advice: `Add \`${safeOrigin(around.page)}\` to the allowed hosts of the VFS origin's configuration.`,
  }),
  VERSION_MISMATCH: () => ({
    title: "The SDK and the VFS origin are of different releases",
    advice: "Deploy both from one release. A hard reload of this page helps where an old copy is cached.",
    retry: true,
  }),
  INVALID_PATH: () => ({
    title: "A file's name cannot be a path in a URL",
    advice: "Names may not hold backslashes or control characters, nor be longer than 255 bytes a part. Nothing was changed.",
  }),
  INVALID_SESSION: () => ({
    title: "The session id in the address is not one",
    advice: "A session id is one DNS label: small letters, digits and dashes. Start with a fresh session from the sample menu.",
  }),
  INVALID_MESSAGE: () => ({
    title: "The VFS origin did not understand the request",
    advice: "The SDK and the origin may be of different builds. Reload this page without its cache.",
    retry: true,
  }),
  TOO_LARGE: () => ({
    title: "That is more than a session may hold",
    advice: "Leave out build folders and big media, or split the bundle. Nothing was changed.",
  }),
  NOT_FOUND: () => ({
    title: "There is no such file in the session",
    advice: "It may have been deleted in another tab. The list has been read again.",
  }),
  ABORTED: () => ({ title: "Given up", advice: "The session is as it was before." }),
  INTERNAL: () => ({
    title: "The VFS origin failed",
    advice: "This should not happen. Reload the page; if it comes back, the browser's console says more.",
    retry: true,
  }),
  INVALID_ORIGIN: () => ({
    title: "The address names no VFS origin",
    advice: "Write `?origin=` with a scheme, a host and perhaps a port, such as `http://{session}.virtual-files.localhost:8787`, or leave it out.",
  }),
  SDK_MISSING: () => ({
    title: "The SDK is not beside this page",
    advice: "The playground loads it from `./virtual-files/index.js`. Build it with `cargo xtask build`, or serve everything with `cargo xtask dev`.",
    retry: true,
  }),
  SAMPLE_UNAVAILABLE: () => ({
    title: "The sample did not load",
    advice: "Its files lie beside this page under `samples/`. Check that the server has them all.",
    retry: true,
  }),
  NOTHING_TO_OPEN: () => ({
    title: "There are no files in what you dropped",
    advice: "Drop a folder or files from the file manager. Links and text cannot be opened.",
  }),
};

/**
 * @param {string} code
 * @param {Surroundings} around
 * @returns {Advice}
 */
export function adviceFor(code, around) {
  return ADVICE[code]?.(around) ?? { title: "Something went wrong", advice: "Reload the page; if it comes back, the browser's console says more.", retry: true };
}

/** @param {string} url */
function safeOrigin(url) {
  try {
    return new URL(url).origin;
  } catch {
    return url;
  }
}
