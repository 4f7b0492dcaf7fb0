// The hub page's entry: loads the wasm and hands it the messages that came before.
import init, { start } from "./virtual_files_hub.js";

const { config, release, wasm, html, early } = self.virtualFiles;

// What few pages need is loaded when it is first asked for, and again where that failed.
let documents;
self.virtualFiles.document = async (text, base, policy) => {
  documents ??= import(html.script).then(async (module) => {
    await module.default({ module_or_path: html.wasm });
    return module;
  });
  try {
    return (await documents).document(text, base, policy);
  } catch (error) {
    documents = undefined;
    throw error;
  }
};

try {
  await init({ module_or_path: wasm });
  start(config, [release, JSON.stringify(config)].join(), early);
  early.length = 0;
  self.onmessage = null;
} catch (error) {
  // The host's handshake must not hang: whoever has asked, or asks from now on, is told.
  const answer = { id: 0, ok: false, error: { code: "INTERNAL", message: `The hub could not start: ${error}` } };
  const tell = ({ data, origin, source, ports: [port] }) => {
    if (port) port.postMessage(answer);
    else if (data?.type === "PUT_FILES") source?.postMessage({ ...answer, id: data.id ?? 0, type: data.type }, origin === "null" ? "*" : origin);
  };
  early.forEach(tell);
  self.onmessage = tell;
}
