// What a worker for a bundle of files comes to when it is written by hand, and for speed alone: an index by path, a slice of
// a pack for each file and headers, both made once, and no promise between a request and its answer where all that is there. Index
// and packs are in IndexedDB, so that a worker that was stopped serves again. It knows one bundle and no rules.
"use strict";

const asked = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});
const opened = (() => {
  const request = indexedDB.open("files", 1);
  request.onupgradeneeded = () => request.result.createObjectStore("files");
  return asked(request);
})();
const get = async (key) => asked((await opened).transaction("files").objectStore("files").get(key));

let index;
let packs = new Map();
const take = (list) => {
  index = new Map(list.map(([path, pack, offset, length, type]) => [path, { pack, offset, length, type, whole: undefined, body: undefined }]));
};
const headersOf = ({ pack, offset, length, type }) => new Headers({
  "content-type": type,
  "content-length": length,
  "content-security-policy": "default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'; base-uri 'self'; form-action 'self'",
  "accept-ranges": "bytes",
  "cache-control": "no-cache",
  etag: `"${pack}-${offset}"`,
  "last-modified": "Thu, 01 Jan 1970 00:00:00 GMT",
  "origin-agent-cluster": "?1",
  "x-content-type-options": "nosniff",
});
// Once for each start.
const ready = get("index").then((list) => { if (list) take(list); });

const start = origin.length + 1;
const pathOf = (url) => {
  let end = url.search(/[?#]/);
  if (end < 0) end = url.length;
  const path = url.slice(start, end);
  return path.includes("%") ? decodeURIComponent(path) : path;
};

const part = (file, wanted) => {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(wanted) ?? [];
  if (!first && !last) return new Response(file.body, file.whole);
  const from = first ? Number(first) : Math.max(0, file.length - Number(last));
  const to = first && last ? Math.min(Number(last) + 1, file.length) : file.length;
  const headers = new Headers(file.whole.headers);
  if (from >= to) {
    headers.set("content-range", `bytes */${file.length}`);
    return new Response(null, { status: 416, headers });
  }
  headers.set("content-range", `bytes ${from}-${to - 1}/${file.length}`);
  headers.set("content-length", to - from);
  return new Response(file.body.slice(from, to), { status: 206, headers });
};
const answer = (file, request) => {
  const range = request.headers.get("range");
  return range === null ? new Response(file.body, file.whole) : part(file, range);
};

const find = async (path) => {
  await ready;
  const file = index?.get(path);
  if (!file) return undefined;
  let pack = packs.get(file.pack);
  if (!pack) {
    pack = get(file.pack);
    packs.set(file.pack, pack);
  }
  file.whole ??= { headers: headersOf(file) };
  file.body ??= (await pack).slice(file.offset, file.offset + file.length);
  return file;
};

addEventListener("fetch", (event) => {
  const { request } = event;
  const path = pathOf(request.url);
  const file = index?.get(path);
  if (file?.body) return event.respondWith(answer(file, request));
  if (path === "boot.html") return;
  event.respondWith(find(path).then((found) => found ? answer(found, request) : new Response("not found", { status: 404 })));
});

const put = async ({ list, blobs }) => {
  const transaction = (await opened).transaction("files", "readwrite");
  const store = transaction.objectStore("files");
  store.clear();
  blobs.forEach((blob, pack) => store.put(blob, pack));
  store.put(list, "index");
  await new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
  });
  packs = new Map(blobs.entries());
  take(list);
};
addEventListener("message", (event) => {
  const { data, ports: [port] } = event;
  const done = data.put ? put(data.put) : Promise.resolve(performance.timeOrigin);
  event.waitUntil(done.then((value) => port.postMessage({ value }), (error) => port.postMessage({ error: String(error) })));
});
addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
