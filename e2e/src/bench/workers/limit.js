// The limit of what a worker can do: it knows beforehand what it will be asked for, and answers that.
"use strict";

const headersOf = (type) => ({ headers: new Headers({ "content-type": type, "cache-control": "no-cache", "origin-agent-cluster": "?1" }) });
const DOCUMENT = headersOf("text/html; charset=utf-8");
let init = DOCUMENT;
let told = { document: new Blob(), entry: new Blob(), body: new Blob() };

addEventListener("fetch", (event) => {
  const { url, mode } = event.request;
  if (mode === "navigate") {
    if (url.endsWith("/boot.html")) return;
    return event.respondWith(new Response(told.document, DOCUMENT));
  }
  event.respondWith(new Response(url.endsWith("/main.js") ? told.entry : told.body, init));
});
addEventListener("message", ({ data, ports: [port] }) => {
  if (data.put) {
    told = data.put;
    init = headersOf(data.put.type);
  }
  port.postMessage({ value: performance.timeOrigin });
});
addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
