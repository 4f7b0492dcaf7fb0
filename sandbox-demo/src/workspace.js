// The one session that the playground shows: opens it, writes to it, reads from it. This is the file to read to see the SDK in use.
//
// Its events: "files" (the list has changed), "version", "busy" (detail: {what, done?, total?} or null), "foreign" (somebody
// else has changed the session). Everything that can fail rejects with the SDK's own error.

/**
 * @typedef {import("../virtual-files/index.js").Session} Session
 * @typedef {import("../virtual-files/index.js").FileEntry} NewFile
 * @typedef {import("../virtual-files/index.js").SessionOptions} ServeOptions of these, how the files are served: `spa`, `network`, `listing` and so on
 * @typedef {{done: number, total: number}} Step in bytes
 */

/**
 * @typedef {object} Wanted what to open
 * @property {string} [id] an earlier session's, to come back to it; without, a new one is made
 * @property {"origin" | "shared" | "opaque"} isolation
 * @property {"indexeddb" | "memory"} storage
 * @property {ServeOptions} options
 * @property {NewFile[] | ((report: (what: string) => void) => Promise<NewFile[]>)} [files] what it shall hold, all of it; without, what it has
 */

/** 2 comes before 10. */
const byName = new Intl.Collator("en", { numeric: true });

/** How long the VFS origin may take to answer, in ms. */
const PATIENCE = 12_000;

export class Workspace extends EventTarget {
  /** @type {Session | null} */
  session = null;
  /** @type {import("../virtual-files/index.js").FileInfo[]} sorted by path */
  files = [];
  version = 0;
  /** Set where the session is kept otherwise than asked for. @type {string | undefined} */
  degraded;

  #pattern;
  /** @type {Promise<import("../virtual-files/index.js").VirtualFiles> | null} */
  #connection = null;
  /** @type {Session | null} */
  #former = null;
  #options = "";
  /** @type {Promise<unknown>} writes wait for one another: they land in the order of their typing */
  #queue = Promise.resolve();
  #turn = 0;
  /** @type {AbortController | null} */
  #opening = null;

  /** @param {string} pattern the VFS origin */
  constructor(pattern) {
    super();
    this.#pattern = pattern;
  }

  /** Loads the SDK and connects, once; again after a failure. */
  #connect() {
    this.#connection ??= (async () => {
      /** @type {typeof import("../virtual-files/index.js")} */
      let sdk;
      try {
        // The build puts it beside this page. Loaded here, so that its absence can be said in so many words.
        sdk = await import("../virtual-files/index.js");
      } catch (cause) {
        throw Object.assign(new Error(`./virtual-files/index.js: ${cause instanceof Error ? cause.message : cause}`, { cause }), { code: "SDK_MISSING" });
      }
      return sdk.connect({ origin: this.#pattern, timeout: PATIENCE });
    })();
    this.#connection.catch(() => (this.#connection = null));
    return this.#connection;
  }

  /**
   * Opens a session in place of the one that is open, which stays readable until `retire()`. Where it fails nothing has changed.
   * @param {Wanted} wanted
   * @returns {Promise<boolean>} false: a later call has overtaken this one
   */
  async open(wanted) {
    this.#opening?.abort();
    const opening = (this.#opening = new AbortController());
    const turn = (this.#turn += 1);
    /** @type {Session | undefined} */
    let session;
    try {
      this.#busy("Connecting");
      const vfs = await this.#connect();
      this.#busy("Opening a session");
      session = await vfs.session({ id: wanted.id, isolation: wanted.isolation, storage: wanted.storage, ...wanted.options });
      let degraded = session.degraded;
      if (wanted.files) {
        const files = typeof wanted.files === "function" ? await wanted.files(what => this.#busy(what)) : wanted.files;
        const result = await session.put(files, { mode: "replace", signal: opening.signal, onProgress: step => this.#busy("Putting files", step) });
        degraded ??= result.degraded;
        this.version = result.version;
      }
      const list = await session.list();
      if (turn !== this.#turn) {
        await discard(session, Boolean(wanted.files));
        return false;
      }
      await this.retire();
      this.#former = this.session;
      this.session = session;
      this.degraded = degraded;
      this.#options = JSON.stringify(wanted.options);
      if (!wanted.files) this.version = 0;
      const opened = session;
      opened.addEventListener("change", event => void this.#heard(opened, event));
      this.#show(list);
      return true;
    } catch (error) {
      if (session) await discard(session, Boolean(wanted.files));
      if (turn !== this.#turn) return false;
      throw error;
    } finally {
      if (turn === this.#turn) this.#busy(null);
    }
  }

  /** Deletes the session before this one, once nothing shows it any more. */
  async retire() {
    const former = this.#former;
    this.#former = null;
    if (former && former.id !== this.session?.id) await discard(former, true);
    else await former?.dispose();
  }

  /**
   * Whether files served under `options` fit in the session that is open.
   * @param {ServeOptions} options
   */
  serves(options) {
    return this.session !== null && this.#options === JSON.stringify(options);
  }

  /**
   * Adds or replaces files.
   * @param {NewFile[]} files
   * @param {{mode?: "merge" | "replace", what?: string}} [options]
   */
  put(files, { mode = "merge", what } = {}) {
    return this.#write(async session => {
      if (what) this.#busy(what);
      const result = await session.put(files, { mode, onProgress: what ? step => this.#busy(what, step) : undefined });
      this.version = result.version;
      this.degraded ??= result.degraded;
      return result;
    });
  }

  /** @param {string[]} paths */
  remove(paths) {
    return this.#write(async session => {
      const result = await session.delete(paths);
      this.version = result.version;
      return result;
    });
  }

  /**
   * @param {string} from
   * @param {string} to
   */
  rename(from, to) {
    return this.#write(async session => {
      // The new name first: whatever happens, the file is somewhere.
      await session.put([{ path: to, content: await session.read(from) }]);
      const result = await session.delete(from);
      this.version = result.version;
      return result;
    });
  }

  /** @param {string} path */
  read(path) {
    return this.#open().read(path);
  }

  /** Every file with its content: to be put somewhere else. @returns {Promise<NewFile[]>} */
  async snapshot() {
    const session = this.#open();
    await this.#queue;
    return Promise.all(this.files.map(async ({ path, type, modified }) => ({ path, content: await session.read(path), type, modified })));
  }

  /** Reads the list again. */
  async refresh() {
    const session = this.#open();
    const list = await session.list();
    if (session === this.session) this.#show(list);
  }

  estimate() {
    return this.#open().estimate();
  }

  /** @param {string} path */
  has(path) {
    return this.files.some(file => file.path === path);
  }

  get bytes() {
    return this.files.reduce((sum, file) => sum + file.size, 0);
  }

  /** @returns {Session} */
  #open() {
    if (!this.session) throw Object.assign(new Error("No session is open."), { code: "NOT_FOUND" });
    return this.session;
  }

  /**
   * Runs a write after those before it, then reads the list again.
   * @template T
   * @param {(session: Session) => Promise<T>} task
   * @returns {Promise<T>}
   */
  #write(task) {
    const session = this.#open();
    const run = this.#queue.then(async () => {
      try {
        const result = await task(session);
        if (session === this.session) this.#show(await session.list());
        return result;
      } finally {
        this.#busy(null);
      }
    });
    this.#queue = run.catch(() => undefined);
    return run;
  }

  /**
   * The session has changed. Our own writes are heard too: those are waited for, and known by their version.
   * @param {Session} session
   * @param {CustomEvent<{version: number}>} event
   */
  async #heard(session, event) {
    const heard = event.detail.version;
    await this.#queue;
    // 0 says that somebody has deleted the session.
    if (session !== this.session || (heard !== 0 && heard <= this.version)) return;
    this.version = heard;
    this.dispatchEvent(new Event("foreign"));
  }

  /** @param {import("../virtual-files/index.js").FileInfo[]} list */
  #show(list) {
    this.files = [...list].sort((a, b) => byName.compare(a.path, b.path));
    this.dispatchEvent(new Event("files"));
  }

  /**
   * @param {string | null} what
   * @param {Step} [step]
   */
  #busy(what, step) {
    this.dispatchEvent(new CustomEvent("busy", { detail: what === null ? null : { what, ...step } }));
  }
}

/**
 * Closes a session that nobody wants any more. What goes wrong here is of no consequence: the origin clears old sessions by itself.
 * @param {Session} session
 * @param {boolean} clear whether its files go as well
 */
async function discard(session, clear) {
  try {
    if (clear) await session.clear();
  } catch (error) {
    console.warn("A former session was not deleted:", error);
  }
  try {
    await session.dispose();
  } catch (error) {
    console.warn("A former session was not closed:", error);
  }
}
