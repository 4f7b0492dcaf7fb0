// The smallest worker that can answer for an origin. Every answer says that it is the worker's; the server's
// answers to the same URLs say that they are the network's.
const DOCUMENT = '{{document}}';
// Lost and drawn anew whenever the worker is stopped and started.
const born = String(Math.random());

self.addEventListener('install', (event) => event.waitUntil(self.skipWaiting()));
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
self.addEventListener('fetch', (event) => {
  const { origin, pathname, search } = new URL(event.request.url);
  if (origin === self.location.origin && pathname.startsWith('/s/')) event.respondWith(answer(pathname, search));
});

function answer(path, search) {
  const headers = { 'Cache-Control': 'no-store', 'Access-Control-Allow-Origin': '*' };
  const type = (value) => ({ headers: { ...headers, 'Content-Type': value } });
  if (path.endsWith('.js')) return new Response("self.scriptFrom = 'worker'", type('text/javascript'));
  if (path.endsWith('/moved')) return new Response(null, { status: 308, headers: { Location: 'moved.txt' + search } });
  if (path.endsWith('/moved.txt')) {
    const bytes = new TextEncoder().encode('moved');
    return new Response(search.startsWith('?bytes') ? bytes : new Blob([bytes]), type('text/plain'));
  }
  if (path.endsWith('born.txt')) return new Response(born, type('text/plain'));
  if (path.endsWith('.txt')) return new Response('worker', type('text/plain'));
  const page = type('text/html; charset=utf-8');
  if (path.endsWith('csp.html')) page.headers['Content-Security-Policy'] = 'sandbox allow-scripts';
  return new Response(DOCUMENT.replace('@who@', 'worker'), page);
}
