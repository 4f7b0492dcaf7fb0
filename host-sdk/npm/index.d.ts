/** What {@link connect} is told. */
export interface ConnectOptions {
  /**
   * The VFS origin: `"https://{session}.vfs.my-app.com"` where each session has a host name of its own, or
   * `"https://vfs.my-app.com"` where all share one. In development: `"http://{session}.virtual-files.localhost:8787"`.
   */
  origin: string;
  /**
   * How long the origin may take to answer, and a page to load, in milliseconds. Default: 15000. Work may take as long as
   * it takes, if only the origin gives signs of life: after twice this time without any, because a preview spins or the
   * browser has ended a process, what is asked rejects with `TIMEOUT`. Dispose of the session then, and open it again.
   */
  timeout?: number;
}

/**
 * Gets ready for sessions on a VFS origin: loads the SDK's WebAssembly, and checks the options. The origin itself is
 * first spoken to by {@link VirtualFiles.session}.
 */
export function connect(options: ConnectOptions): Promise<VirtualFiles>;

/**
 * The walls around a preview.
 * - `origin`: it has an origin of its own, apart from the host and from every other session.
 * - `shared`: all sessions share one origin, apart from the host only. For content that the host trusts.
 * - `opaque`: it has no origin at all, and so no storage and no workers by URL. No service worker can answer it: the files are
 *   sent to the edge, which forgets them when the session is disposed, or a day after their last use. Rejects with
 *   `EDGE_UNAVAILABLE` where the VFS origin has no edge.
 * - `auto`: `origin` where the VFS origin is given with `{session}`, else `opaque`; and `opaque` where the browser gives
 *   the VFS origin no service worker and the edge is there. {@link Session.reason} says so.
 */
export type Isolation = "auto" | "origin" | "shared" | "opaque";

/** Where files are kept: in the VFS origin's IndexedDB, where they outlive the tab, or in the open page. */
export type Storage = "indexeddb" | "memory";

/** What {@link VirtualFiles.session} is told. */
export interface SessionOptions {
  /**
   * 1 to 63 of `a-z`, `0-9` and `-`. By its id, a session that exists is opened again. Default: 128 random bits. Who
   * knows the id can read the files, so leave ids that can be guessed to files that anyone may see.
   */
  id?: string | undefined;
  /** Default: `"auto"`. */
  isolation?: Isolation | undefined;
  /** Default: `"indexeddb"`. A session that exists stays where it is. */
  storage?: Storage | undefined;
  /** The file that answers navigations to paths that have no file, such as `"index.html"`: for routers. */
  spa?: string | null | undefined;
  /**
   * Where previews may connect to beside their own files, `data:` and `blob:`: nowhere, anywhere, or to these origins
   * (`"https://api.example.com"`, `"https://*.example.com"`). Default: `"none"`.
   */
  network?: "none" | "open" | readonly string[] | undefined;
  /**
   * Serve with the headers that make documents cross-origin isolated. It takes effect where the host's page is cross-origin
   * isolated, too. Default: `false`.
   */
  crossOriginIsolated?: boolean | undefined;
  /** Let a preview's URL be opened in a tab of its own. Default: `false`. */
  topLevel?: boolean | undefined;
  /** Answer a directory that has no `index.html` with a list of its files. Default: `false`. */
  listing?: boolean | undefined;
}

/** A VFS origin that sessions can be opened on. {@link connect} makes it. */
export class VirtualFiles {
  private constructor();
  /** The origin as it was given. */
  readonly origin: string;
  /**
   * Opens a session: a new one, or by its `id` one that exists. The options that say how it is served take effect with
   * the first {@link Session.put}; where none is given, a session that exists keeps its own.
   */
  session(options?: SessionOptions): Promise<Session>;
  /** Disposes every session; one that is being opened rejects with `ABORTED`. Files in IndexedDB stay. */
  dispose(): Promise<void>;
}

/**
 * A file's content. Blobs and Files are passed on as handles; bytes are not to be changed until the put is done, and those
 * beyond 4 GiB of a buffer are refused with `TOO_LARGE`: put a Blob.
 */
export type Content = string | ArrayBuffer | ArrayBufferView | Blob;

/** A file, with what is known of it. */
export interface FileEntry {
  /** Relative to the session's root, decoded, with `/` between its segments. */
  path: string;
  content: Content;
  /** The media type to serve it with. Default: by the path's extension; a Blob's own type where it has none. */
  type?: string | undefined;
  /** Milliseconds since 1970, or a Date. Default: a File's own time, else now. */
  modified?: number | Date | undefined;
}

/**
 * Files to put: an object or a Map from path to content, or anything that can be iterated whose items are
 * `{ path, content }`, `[path, content]` or Files. Files from a folder picker have their paths below the picked folder.
 */
export type Files =
  | { readonly [path: string]: Content }
  | Iterable<FileEntry | readonly [path: string, content: Content] | File>
  | ArrayLike<File>;

/** How a {@link Session.put} is done. */
export interface PutOptions {
  /** Whether files that are not named stay (`"merge"`) or go (`"replace"`). Default: `"merge"`. */
  mode?: "merge" | "replace" | undefined;
  /** Told of bytes done, until they are all. */
  onProgress?: ((progress: { done: number; total: number }) => void) | undefined;
  /**
   * Gives up. The put then rejects with `ABORTED` and has changed nothing; or, where it was too late, it resolves. Where the
   * origin gives no sign of life, it rejects with `TIMEOUT`, as it does without a signal; see {@link ConnectOptions.timeout}.
   */
  signal?: AbortSignal | undefined;
}

/** What a put has done. */
export interface PutResult {
  /** Grows with every change of the session. */
  version: number;
  /** How many files the session has now. */
  files: number;
  /** How many bytes they have. */
  bytes: number;
  storage: Storage;
  /** Why the files are in memory although they were to be stored. */
  degraded?: string;
}

/** What a delete has done. */
export interface DeleteResult {
  version: number;
  /** How many files are gone. */
  deleted: number;
}

/** A file's properties. */
export interface FileInfo {
  path: string;
  /** In bytes. */
  size: number;
  /** The media type that it is served with. */
  type: string;
  /** Of its ETag, without the quotes. In opaque previews, files above 4 MiB have another. */
  etag: string;
  /** Milliseconds since 1970. */
  modified: number;
}

/** Storage, and the state of the service worker that serves. */
export interface Estimate {
  /** Bytes that the VFS origin has stored, as the browser tells it. */
  usage: number;
  /** Bytes that it may store. */
  quota: number;
  /** Whether the browser has promised to keep them. */
  persisted: boolean;
  worker: {
    state: string;
    /** Sessions in its cache. */
    sessions: number;
    /** Files in its cache. */
    files: number;
    bytes: number;
    /** How often a file that was asked for was in its cache. */
    hits: number;
    /** How often it was not, and was taken from its pack. Requests that a hub answers for the worker are neither. */
    misses: number;
    /** When it started, in milliseconds since 1970. */
    started: number;
  };
}

/** How a preview is mounted. */
export interface MountOptions {
  /**
   * What to load: a relative URL reference against the session's root, percent-encoded where a path needs it. Where the
   * session has an origin of its own, a leading `/` means that origin's root, so that a router needs no base path.
   * Default: `""`, the root, which is its `index.html`.
   */
  entry?: string | undefined;
  /** A document to load in place of an entry, as if it lay at the session's root. */
  html?: string | undefined;
  /**
   * Default: the session's own. For another one, its files are kept in both places from now on. A put succeeds or fails as it
   * does in the session's own; where the other place does not follow, its previews see nothing new until one of them is
   * loaded again or mounted, which copies the files anew.
   */
  isolation?: Isolation | undefined;
  /**
   * What the sandbox allows beside scripts and an origin, as in the attribute: `"allow-forms allow-popups"`. An opaque frame never
   * has an origin, nor anything that would let it leave its frame.
   */
  sandbox?: string | undefined;
  /** What the frame may use of the device, as in the attribute: `"fullscreen; camera"`. Default: nothing. */
  allow?: string | undefined;
  /** Says to people who do not see the frame what it is. Default: `"Preview"`. */
  title?: string | undefined;
}

/** The events of a {@link Session}. */
export interface SessionEventMap {
  /** The session has changed, by this page or another. `version` is 0 where it was deleted. */
  change: CustomEvent<{ version: number }>;
}

/** The events of a {@link Preview}. */
export interface PreviewEventMap {
  /** A document has loaded: the entry, or what a link led to. */
  load: CustomEvent<null>;
  /** A reload or navigation failed; it has rejected with the same error. */
  error: CustomEvent<VirtualFilesError>;
  /** The frame is out of the page. */
  dispose: CustomEvent<null>;
}

/** A function or object that takes events. */
export type Listener<E> = ((event: E) => void) | { handleEvent(event: E): void } | null;

/** A bundle's namespace. {@link VirtualFiles.session} opens it. */
export class Session {
  private constructor();
  readonly id: string;
  /** The walls around its previews, where {@link Session.mount} names no others. */
  readonly isolation: "origin" | "shared" | "opaque";
  /**
   * Why `isolation` is not what the VFS origin has by default: where the browser gives it no service worker, sessions for
   * which no isolation was named are opaque.
   */
  readonly reason: string | undefined;
  /** Where the files are kept. */
  readonly storage: Storage;
  /** Why they are in memory although they were to be stored. */
  readonly degraded: string | undefined;
  /** The URL of the session's root; ends in `/`. */
  readonly url: string;
  /**
   * Adds or replaces files: all of them, or on an error none. When it resolves, every request sees them. Puts and
   * deletes take effect in the order in which they were called.
   *
   * What the session has already since this page's last put is not sent again, whatever the mode: put all of a bundle after each
   * edit. Such a file keeps its time, if none is given. Files above 4 MiB are always sent.
   *
   * Of a session that has opaque previews, the edge gets what it lacks before anything changes here. Where it cannot be
   * reached, the put rejects with `EDGE_UNAVAILABLE`: with nothing changed, or, where it was lost at the last step, changed
   * here and not there yet ({@link Session.list} tells). The next put, or the next mount, makes that good.
   */
  put(files: Files, options?: PutOptions): Promise<PutResult>;
  /** Deletes files; paths that are not there are passed over. */
  delete(paths: string | Iterable<string>): Promise<DeleteResult>;
  /** The files whose path starts with `prefix`, in the order of their paths. Default: all. */
  list(prefix?: string): Promise<FileInfo[]>;
  /** A file's bytes, as a Blob of the type that it is served with. */
  read(path: string): Promise<Blob>;
  /** A file's properties. */
  stat(path: string): Promise<FileInfo>;
  /** Deletes the session with all its files. */
  clear(): Promise<void>;
  /** Storage, and the state of the service worker. */
  estimate(): Promise<Estimate>;
  /**
   * Asks the browser to keep what the session's origin stores, also where it runs out of room. Resolves with whether it
   * will; browsers mostly refuse that to frames of another origin. What is not kept so may be evicted, all at once.
   */
  persist(): Promise<boolean>;
  /**
   * Appends a sandboxed frame to `element` that runs the session, and resolves when it has loaded; at the latest after
   * the time-out of {@link connect}.
   */
  mount(element: Element, options?: MountOptions): Promise<Preview>;
  addEventListener<K extends keyof SessionEventMap>(
    type: K,
    listener: Listener<SessionEventMap[K]>,
    options?: boolean | AddEventListenerOptions,
  ): void;
  removeEventListener<K extends keyof SessionEventMap>(
    type: K,
    listener: Listener<SessionEventMap[K]>,
    options?: boolean | EventListenerOptions,
  ): void;
  /**
   * Takes the previews out of the page and leaves the VFS origin; what is still under way rejects with `ABORTED`. Files
   * in IndexedDB stay, files in memory are gone.
   */
  dispose(): Promise<void>;
}

/** A mounted preview. {@link Session.mount} makes it. */
export class Preview {
  private constructor();
  /** The frame. Style it as you like. */
  readonly element: HTMLIFrameElement;
  /** What the frame was told to load. Where its own links have led it since, the host cannot know. */
  readonly url: string;
  readonly isolation: "origin" | "shared" | "opaque";
  /** Why these are the walls, where the VFS origin has others by default; see {@link Session.reason}. */
  readonly reason: string | undefined;
  /** Loads the entry again; resolves when it has loaded, rejects with `TIMEOUT` where that takes too long. */
  reload(): Promise<void>;
  /** Loads another entry, which is read as the one of {@link MountOptions}. */
  navigate(entry: string): Promise<void>;
  /** Takes the frame out of the page. */
  dispose(): void;
  addEventListener<K extends keyof PreviewEventMap>(
    type: K,
    listener: Listener<PreviewEventMap[K]>,
    options?: boolean | AddEventListenerOptions,
  ): void;
  removeEventListener<K extends keyof PreviewEventMap>(
    type: K,
    listener: Listener<PreviewEventMap[K]>,
    options?: boolean | EventListenerOptions,
  ): void;
}

/** What went wrong, as programs tell it apart. Codes are stable; messages are for people and may change. */
export type ErrorCode =
  | "INVALID_SESSION"
  | "INVALID_PATH"
  | "INVALID_MESSAGE"
  | "ORIGIN_NOT_ALLOWED"
  | "VERSION_MISMATCH"
  | "CONFLICT"
  | "NOT_FOUND"
  | "TOO_LARGE"
  | "QUOTA_EXCEEDED"
  | "STORAGE_UNAVAILABLE"
  | "SERVICE_WORKER_UNAVAILABLE"
  | "EDGE_UNAVAILABLE"
  | "TIMEOUT"
  | "ABORTED"
  | "INTERNAL";

/** What every method here rejects with. */
export class VirtualFilesError extends Error {
  constructor(code: ErrorCode, message: string, options?: { cause?: unknown });
  readonly name: "VirtualFilesError";
  readonly code: ErrorCode;
  /** What was thrown in the first place, if something was: the reason of an AbortSignal, a browser's error. */
  readonly cause?: unknown;
}
