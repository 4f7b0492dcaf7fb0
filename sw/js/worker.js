// The worker's shell: what must be synchronous at the top level of a service worker, and nothing else.
//
// Listeners are registered here, before any wasm is there. The wasm is compiled once per start of the worker, when it is first
// needed, and answers through `respond` and `message`. An instance that has trapped may hold broken state: it is thrown
// away, and a new one answers the same request, once.
"use strict";

const config = "__VF_CONFIG__";

// The bindings are a function, so that each instance has its own. `trapped` is called by the wasm's panic hook.
const makeBindings = (trapped) => {
  /*__VF_BINDINGS__*/
  return wasm_bindgen;
};

// The wasm lies beside this script, not in it: browsers read the script whole before a worker's first event. A copy is in a cache
// of the browser's from the installation on, for when there is no network, or a later release has replaced the file. Any page of
// this origin can write to that cache, so that nothing but what was built is taken.
const WASM = "__VF_WASM__";
const WASM_SHA256 = "__VF_WASM_SHA256__";
const KEPT = "virtual-files:worker";

const isBuilt = async (bytes) => {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("") === WASM_SHA256;
};

// Keeping a copy takes its time, and nobody waits for that who waits for the wasm.
let keeping;
const keep = (bytes) => caches.open(KEPT).then((cache) => cache.put(WASM, new Response(bytes))).catch(() => undefined);

// Compiles beside the hash's being worked out: what is not what was built is never run. Rejects where it is not.
const checked = async (bytes) => {
  const module = WebAssembly.compile(bytes);
  module.catch(() => {});
  if (await isBuilt(bytes)) return module;
  throw new Error(`The server's ${WASM} is not what was built.`);
};

const fetched = async (cache = "default") => {
  try {
    const bytes = await (await fetch(WASM, { cache })).arrayBuffer();
    const module = await checked(bytes);
    keeping = keep(bytes);
    return module;
  } catch (error) {
    // What the HTTP cache has under its name may be what a server said while it had not got the file yet.
    if (cache === "reload") throw error;
    return fetched("reload");
  }
};

const load = async () => {
  // Where there is no such cache, or no such copy, there is the network.
  const cache = await caches.open(KEPT).catch(() => undefined);
  const kept = await cache?.match(WASM).then((response) => response?.arrayBuffer()).catch(() => undefined);
  return kept ? checked(kept).catch(() => fetched()) : fetched();
};

// Takes out what earlier releases have kept. What a later one keeps already is its own.
const sweep = async () => {
  if (registration.installing || registration.waiting) return;
  const cache = await caches.open(KEPT);
  const old = (await cache.keys()).filter(({ url }) => !url.endsWith(WASM));
  await Promise.all(old.map((request) => cache.delete(request)));
};

// A worker that is new asks for its wasm before it is told to install itself. No copy can be there yet.
let compiled = self.serviceWorker?.state === "parsed" ? fetched() : undefined;
compiled?.catch(() => { compiled = undefined; });
let current;
let starts = 0;

// The documents that hubs' answers have made: what is the worker's to remember of its own.
const made = [];
const remember = (api) => made.splice(0).forEach(([client, url]) => api.made(client, url));

const start = () => {
  compiled ??= load();
  // Who waits for an answer of this instance: when it has trapped, they would wait for ever.
  const instance = { waiting: new Set() };
  instance.trap = (reason) => {
    if (current === instance) start();
    instance.dead ??= reason instanceof Error ? reason : new Error(String(reason));
    for (const reject of instance.waiting) reject(instance.dead);
  };
  const bindings = makeBindings(instance.trap);
  instance.ready = compiled
    .then((module) => bindings({ module_or_path: module }))
    .then(() => {
      bindings.start(config);
      remember(bindings);
      instance.api = bindings;
      return bindings;
    });
  // What could not be compiled now may be later.
  instance.ready.catch(() => {
    if (current === instance) compiled = current = undefined;
  });
  starts += 1;
  current = instance;
  return instance;
};

const isTrap = (error) => error instanceof WebAssembly.RuntimeError || error instanceof RangeError;

// Calls the wasm, at once where it is there already. What `call` returns is a value or a promise of one.
const ask = (call) => {
  const instance = current ?? start();
  if (!instance.api) return alive(instance, instance.ready.then((api) => guard(instance, () => call(api))));
  const answer = guard(instance, () => call(instance.api));
  return answer instanceof Promise ? alive(instance, answer) : answer;
};

// The answer, for as long as the instance lives. Not a race with one promise of the instance's: that would keep whatever was
// hung on it.
const alive = (instance, answer) => new Promise((resolve, reject) => {
  if (instance.dead) reject(instance.dead);
  instance.waiting.add(reject);
  answer.then(resolve, reject).then(() => instance.waiting.delete(reject));
});

const guard = (instance, call) => {
  try {
    return call();
  } catch (error) {
    if (isTrap(error)) instance.trap(error);
    throw error;
  }
};

// The same, with a second try by a new instance where the first one trapped.
const askTwice = (call) => {
  const asked = current ?? start();
  const again = (error) => {
    // It has not trapped, or there is no wasm.
    if (!current || current === asked) throw error;
    return ask(call);
  };
  try {
    const answer = ask(call);
    return answer instanceof Promise ? answer.catch(again) : answer;
  } catch (error) {
    return again(error);
  }
};

// Pages of our own, and what hubs load: the network has them whatever becomes of the wasm, and a newer worker with them.
const isOwn = async ({ request, clientId }) => {
  const at = (path) => request.url.startsWith(path, origin.length);
  if (request.mode === "navigate") return at("/hub.html") || at("/_vf/");
  const client = at("/_vf/") && (await clients.get(clientId));
  return Boolean(client) && isHub(client);
};

// What is answered where the wasm cannot be had, or has failed twice.
const failed = async (event) => {
  if (await isOwn(event)) return fetch(event.request);
  return new Response("The worker that serves this origin has failed. Reload the page.", {
    status: 500,
    headers: {
      "Content-Type": "text/plain; charset=utf-8",
      "Cache-Control": "no-store",
      "Content-Security-Policy": "default-src 'none'",
    },
  });
};

// What this worker and a hub must have in common for the one to answer in the other's place.
const release = ["__VF_RELEASE__", JSON.stringify(config)].join();

// How many hubs are asked, the one that was in use last first; how long they have, and after how long the wasm is compiled
// beside it all, in milliseconds.
const ASKED = 3;
const PATIENCE = 50;
const PAUSE = 20;

// What follows here runs before the first answer: it is spared what can be done later, regular expressions and URLs among it.
const origin = location.origin;
const isHub = ({ url }) => url.startsWith("/hub.html", origin.length) && (url.length === origin.length + 9 || "?#".includes(url[origin.length + 9]));

// The pages of this origin, and lines to the hubs among them, which have their wasm running and their store open when this worker
// starts: both are looked for while the first request is on its way, where a worker can tell that it is not only just being
// installed (Firefox's cannot, and is lost where it speaks to pages then); else with that request.
const look = async () => {
  const pages = await clients.matchAll({ includeUncontrolled: true, type: "window" });
  const hubs = pages.filter(isHub);
  const lines = hubs.slice(0, ASKED).map((hub) => {
    const { port1, port2 } = new MessageChannel();
    const line = { port: port1, waiting: new Map(), refused: false };
    port1.onmessage = ({ data }) => {
      // A hub of another build has no answers.
      line.refused = !data;
      for (const [id, answered] of line.waiting) if (line.refused || id === data.id) answered(data?.answer);
    };
    hub.postMessage({ release, alone: hubs.length === 1 }, [port2]);
    return line;
  });
  return { pages, lines };
};
const isChromium = "userAgentData" in navigator;
// WebKit's answers need more care than a hub's have.
const isWebKit = !isChromium && !navigator.userAgent.includes("Gecko/");
let around = !isWebKit && self.serviceWorker?.state === "activated" ? look() : undefined;
around?.catch(() => {});

let questions = 0;
// When the wasm is compiled, if nothing needs it sooner. Where that fails, what needs it tries again.
let planned;

// What one hub answers to a question. Rejects where it does not know.
const over = ({ port, waiting, refused }, request) => new Promise((resolve, reject) => {
  if (refused) return reject();
  const id = ++questions;
  waiting.set(id, (answer) => {
    waiting.delete(id);
    answer ? resolve(answer) : reject();
  });
  port.postMessage({ id, request });
});

// Chromium makes a Blob of bytes, which takes their way to the page through another process; a stream's go there straight.
const streamOf = (bytes) => new ReadableStream({ start(controller) { controller.enqueue(bytes); controller.close(); } });
const straight = (body) => isChromium && body instanceof Uint8Array ? streamOf(body) : body;

// What a hub answers to a request. Rejects where none does.
const byHub = async ({ request, clientId }) => {
  const { pages, lines } = await (around ??= look());
  const { url, mode, destination, referrer, headers } = request;
  const conditions = ["range", "if-range", "if-none-match", "if-modified-since"].map((name) => headers.get(name));
  const client = pages.find(({ id }) => id === clientId)?.url;
  const asked = [url, mode, destination, referrer, client, ...conditions.map((value) => value === null ? "" : `=${value}`)].join("\n");
  const answer = await Promise.any(lines.map((line) => over(line, asked)));
  const init = { status: answer.status, headers: new Headers() };
  answer.headers.split("\n").forEach((line, at, all) => at % 2 && init.headers.append(all[at - 1], line));
  return new Response(straight(answer.body), init);
};

// A request before the wasm is there, by a hub; by the wasm where none answers. The wasm is compiled only after that, or when it is
// needed: meanwhile it would share the processor with those who answer.
const early = async (event, call) => {
  planned ??= setTimeout(() => current ?? start(), PAUSE);
  try {
    const answer = await Promise.race([byHub(event), new Promise((_, reject) => setTimeout(reject, PATIENCE))]);
    if (event.resultingClientId) made.push([event.resultingClientId, event.request.url]);
    if (current?.api) remember(current.api);
    return answer;
  } catch {
    untouched = false;
    return askTwice(call);
  }
};

// Whether a request may be answered so. A message tells of a change, or may; a page of our own makes another hub, maybe, and what
// a hub has not answered once, it need not be asked again. A tab's own documents and edge sessions have rules beyond a hub's.
let untouched = !isWebKit;
const OWN = ["/hub.html", "/sw.js", "/_vf", "/e-"];
const isEarly = ({ method, url, destination }) => {
  if (!untouched || current?.api) return false;
  untouched = !OWN.some((path) => url.startsWith(path, origin.length));
  return untouched && method === "GET" && destination !== "document";
};

// A trap outside of a call (in a continuation of the wasm's own) surfaces here. It does not say which instance it is of:
// once one has been replaced, its remains may go on trapping, and its successor must not pay for that.
const onStray = (error) => {
  if (isTrap(error) && starts === 1) current?.trap(error);
};
addEventListener("error", (event) => onStray(event.error));
addEventListener("unhandledrejection", (event) => onStray(event.reason));

// There is one worker to an origin, for all of it: hubs would not know of another, which then could serve what has changed.
const isWhole = () => new URL(registration.scope).pathname === "/";
for (const type of ["install", "activate", "message"]) addEventListener(type, () => { untouched = false; });
addEventListener("install", (event) => {
  // Without its wasm it is no worker.
  const ready = isWhole() ? (compiled ??= fetched()) : Promise.reject(new Error("The scope is not /"));
  event.waitUntil(Promise.all([skipWaiting(), ready]));
});
// What it is to start from when there is no network is kept by then, if the worker is not stopped in between; else once it is loaded.
addEventListener("activate", (event) => event.waitUntil(Promise.all([clients.claim(), keeping, sweep().catch(() => undefined)])));

addEventListener("fetch", (event) => {
  const { request } = event;
  // Other origins' resources are the page's and its content policy's own business.
  if (!request.url.startsWith(origin + "/")) return;
  const call = (api) => api.respond(request, event.clientId, event.resultingClientId ?? "");
  let answer;
  try {
    answer = isEarly(request) ? early(event, call) : askTwice(call);
  } catch {
    answer = failed(event);
  }
  // `undefined` is the wasm's word for an asset of the VFS origin's own. Nothing else ever reaches the network.
  if (answer === undefined) return;
  event.respondWith(
    answer instanceof Promise ? answer.then((response) => response ?? fetch(request)).catch(() => failed(event)) : answer,
  );
});

addEventListener("message", (event) => {
  // Only hub pages have a say.
  if (!event.source || new URL(event.source.url).pathname !== "/hub.html") return;
  const port = event.ports[0];
  // A hub has found this worker waiting. Everything else that hubs say is answered.
  if (!port) return event.waitUntil(skipWaiting());
  const answer = (async () => askTwice((api) => api.message(event.data)))();
  event.waitUntil(answer.then(
    (reply) => port.postMessage(reply),
    (error) => port.postMessage({ error: String(error) }),
  ));
});
