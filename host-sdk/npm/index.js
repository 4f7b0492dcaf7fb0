// What users of the package import. The work is done by the wasm that `connect` loads; see the crate's `npm.rs`.
// Importing this touches no page, so that it may be imported where pages are only rendered.
import init, { Preview, Session, VirtualFiles, connect as open } from "./virtual_files.js";

export { Preview, Session, VirtualFiles };

export class VirtualFilesError extends Error {
  constructor(code, message, options) {
    super(message, options);
    this.code = code;
  }
}
Object.defineProperty(VirtualFilesError.prototype, "name", {
  value: "VirtualFilesError",
  configurable: true,
  writable: true,
});

let loading;

/** Loads the wasm once; after a failure the next call tries again. */
function load() {
  // Written out in this form, bundlers find the file and take it along.
  const url = new URL("./virtual_files_bg.wasm", import.meta.url);
  loading ??= init({ module_or_path: url }).catch((cause) => {
    loading = undefined;
    throw new VirtualFilesError(
      "INTERNAL",
      `The SDK's WebAssembly could not be loaded from ${url}. A content policy needs 'wasm-unsafe-eval' in script-src, and a bundler must take the file along.`,
      { cause },
    );
  });
  return loading;
}

export async function connect(options) {
  if (typeof document === "undefined") {
    throw new VirtualFilesError(
      "SERVICE_WORKER_UNAVAILABLE",
      "There is no page here, and so no service worker: call connect() in a browser's window.",
    );
  }
  await load();
  return open(options, VirtualFilesError);
}

// wasm-bindgen lets `using` free the handle of an object; what is meant is to dispose of it.
if (Symbol.dispose) Preview.prototype[Symbol.dispose] = Preview.prototype.dispose;
for (const { prototype } of [Session, VirtualFiles]) {
  if (Symbol.dispose) delete prototype[Symbol.dispose];
  if (Symbol.asyncDispose) prototype[Symbol.asyncDispose] = prototype.dispose;
}
