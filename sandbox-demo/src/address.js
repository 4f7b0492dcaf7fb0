// What this page's own address says: the VFS origin (`?origin=`, or the page's meta tag) and, after the #, the session to come back to.

const ISOLATIONS = ["origin", "shared", "opaque"];
const STORAGES = ["indexeddb", "memory"];

/**
 * Where the page is: enough to find the session again after a reload.
 * @typedef {object} Place
 * @property {string} [session] session id
 * @property {string} sample a sample's id, or "own" for files of the visitor's
 * @property {"origin" | "shared" | "opaque"} isolation
 * @property {"indexeddb" | "memory"} storage
 * @property {string} [entry] entry page of own files
 * @property {string} [file] the file in the editor
 */

/**
 * The VFS origin's pattern, `{session}` standing for the session id.
 * @returns {{pattern: string, chosen: boolean}} `chosen`: it came with the address, not with the page
 */
export function originPattern() {
  const given = new URLSearchParams(location.search).get("origin");
  const own = document.querySelector('meta[name="vfs-origin"]')?.getAttribute("content") ?? "";
  const pattern = (given ?? own).trim().replace(/\/+$/, "");
  const url = URL.parse ? URL.parse(pattern.replace("{session}", "x")) : tryUrl(pattern.replace("{session}", "x"));
  if (!url || !/^https?:$/.test(url.protocol) || url.pathname !== "/" || url.search || url.hash) {
    throw Object.assign(new Error(`"${pattern}" is not an origin such as https://{session}.vfs.example.com.`), { code: "INVALID_ORIGIN" });
  }
  return { pattern, chosen: given !== null && given !== own };
}

/** @returns {Place} */
export function readPlace() {
  const hash = new URLSearchParams(location.hash.slice(1));
  const isolation = hash.get("isolation") ?? "";
  const storage = hash.get("storage") ?? "";
  return {
    session: hash.get("session") || undefined,
    sample: hash.get("sample") ?? "",
    isolation: /** @type {Place["isolation"]} */ (ISOLATIONS.includes(isolation) ? isolation : "origin"),
    storage: /** @type {Place["storage"]} */ (STORAGES.includes(storage) ? storage : "indexeddb"),
    entry: hash.get("entry") ?? undefined,
    file: hash.get("file") || undefined,
  };
}

/**
 * Writes the place into the address, in the history entry that is there.
 * @param {Place} place
 */
export function writePlace(place) {
  const hash = new URLSearchParams();
  for (const [name, value] of Object.entries(place)) {
    if (value !== undefined && value !== "") hash.set(name, value);
  }
  const next = `#${hash}`;
  if (next !== location.hash) history.replaceState(null, "", next);
}

/** @param {string} text */
function tryUrl(text) {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}
