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
  if (path.includes('/chain/')) return chain(path.split('/').pop(), type);
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

// A chain of modules, each of which imports the next. The first one's answer is held back until all are asked for, or for some
// time: who knows only its text asks for the others after it.
const LENGTH = 6, HELD = 1500;
let asked, all;
function chain(name, type) {
  const links = (write) => Array.from({ length: LENGTH }, (_, at) => write(`m${at}.js`));
  if (name.endsWith('.html')) {
    asked = 0;
    const elements = name === 'element.html' ? links((url) => `<link rel="modulepreload" href="${url}">`).join('') : '';
    const answer = new Response(`<!doctype html><meta charset="utf-8"><title>chain</title>${elements}<script type="module" src="m0.js"></script>`, type('text/html'));
    if (name === 'header.html') answer.headers.set('Link', links((url) => `<${url}>; rel="modulepreload"`).join(', '));
    return answer;
  }
  const at = Number(name.match(/[0-9]+/)[0]);
  asked += 1;
  if (asked === LENGTH) all?.();
  if (at) return new Response(at < LENGTH - 1 ? `import './m${at + 1}.js'` : '', type('text/javascript'));
  const before = new Promise((resolve) => { all = resolve; setTimeout(resolve, HELD); }).then(() => asked);
  return before.then((before) => new Response(`import './m1.js'; parent.postMessage({ before: ${before} }, '*')`, type('text/javascript')));
}
