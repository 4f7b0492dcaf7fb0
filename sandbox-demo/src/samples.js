// The sample bundles: real files under samples/, each with a manifest.json that lists them. Some are made on the spot by the sample's build.js.

/**
 * @typedef {object} Sample
 * @property {string} id
 * @property {string} title
 * @property {string} summary
 * @property {string} entry the page to show first
 * @property {string} [open] the file to show first
 * @property {import("../virtual-files/index.js").SessionOptions} [options]
 * @property {string[]} files paths below files/
 * @property {string} [build] a module whose default export makes more files
 */

const FOLDER = new URL("../samples/", import.meta.url);
/** How many files are fetched at a time. */
const AT_ONCE = 12;

/**
 * The manifests of all samples, in the order of the menu.
 * @returns {Promise<Sample[]>}
 */
export async function loadSamples() {
  const ids = /** @type {string[]} */ (await (await get("index.json")).json());
  return Promise.all(ids.map(async id => ({ id, ...(await (await get(`${id}/manifest.json`)).json()) })));
}

/** @param {string} id */
export const thumbnail = id => new URL(`${id}/thumbnail.svg`, FOLDER).href;

/**
 * A sample's files, those of its build included.
 * @param {Sample} sample
 * @param {(what: string) => void} report
 * @returns {Promise<import("../virtual-files/index.js").FileEntry[]>}
 */
export async function filesOf(sample, report) {
  report(`Fetching ${sample.title}`);
  /** @type {import("../virtual-files/index.js").FileEntry[]} */
  const files = [];
  const waiting = [...sample.files];
  const fetchSome = async () => {
    for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
      const response = await get(`${sample.id}/files/${path.split("/").map(encodeURIComponent).join("/")}`);
      // As a plain Blob: the VFS origin names the type by the file's name.
      files.push({ path, content: new Blob([await response.arrayBuffer()]) });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, fetchSome));
  if (sample.build) {
    report(`Building ${sample.title}`);
    const module = await import(new URL(`${sample.id}/${sample.build}`, FOLDER).href);
    files.push(...(await module.default()));
  }
  return files;
}

/**
 * @param {string} path below samples/
 * @returns {Promise<Response>}
 */
async function get(path) {
  let response;
  try {
    response = await fetch(new URL(path, FOLDER));
  } catch (cause) {
    throw Object.assign(new Error(`samples/${path} could not be fetched.`, { cause }), { code: "SAMPLE_UNAVAILABLE" });
  }
  if (!response.ok) throw Object.assign(new Error(`samples/${path} answered ${response.status}.`), { code: "SAMPLE_UNAVAILABLE" });
  return response;
}
