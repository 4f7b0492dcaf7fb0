// A worker whose files are in the Cache API, under their paths.
"use strict";

const opened = caches.open("files");

const find = async (url) => {
  const end = url.search(/[?#]/);
  const found = await (await opened).match(end < 0 ? url : url.slice(0, end));
  return found ?? new Response("not found", { status: 404 });
};
addEventListener("fetch", (event) => {
  if (event.request.url.endsWith("/boot.html")) return;
  event.respondWith(find(event.request.url));
});

const put = async ({ list, blobs }) => {
  const cache = await opened;
  for (const [path, pack, offset, length, type] of list) {
    const headers = { "content-type": type, "cache-control": "no-cache", "origin-agent-cluster": "?1" };
    await cache.put(`/${path}`, new Response(blobs[pack].slice(offset, offset + length), { headers }));
  }
};
addEventListener("message", (event) => {
  const { data, ports: [port] } = event;
  const done = data.put ? put(data.put) : Promise.resolve(performance.timeOrigin);
  event.waitUntil(done.then((value) => port.postMessage({ value }), (error) => port.postMessage({ error: String(error) })));
});
addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
