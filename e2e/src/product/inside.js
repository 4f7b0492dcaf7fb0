// Each row of the guide, and how it is tried in a preview: true where what is inside is served.
const A = 'the letter a';
/** True for the wanted text; another one is told. */
const is = (text, wanted = A) => text === wanted || text.replace(/<style>.*<.style>/s, '').slice(0, 300);
const said = (source) => new Promise((resolve) => {
  addEventListener('message', function listener(event) {
    if (event.source !== source() || typeof event.data?.text !== 'string') return;
    removeEventListener('message', listener);
    resolve(event.data.text);
  });
});
const heard = async (worker, port = worker) => new Promise((resolve, reject) => {
  port.onmessage = ({ data }) => resolve(data.text);
  worker.onerror = () => reject(new Error('no worker'));
});
const url = (path) => new URL(path, document.baseURI).href;
/** A script that tells its parent what a fetch gives it. */
const tells = `fetch(${JSON.stringify(url('a.txt'))}).then((response) => response.text()).then((text) => parent.postMessage({ text }, '*'))`;
const frame = async (attributes) => {
  const made = document.createElement('iframe');
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  const text = said(() => made.contentWindow);
  document.body.append(made);
  return is(await text);
};
const html = (code) => `<!doctype html><script>${code}</script>`;
const rows = {
  'A frame of the session’s other page': () => frame({ src: 'inner.html' }),
  'The document of such a frame': async () => !!(await element('iframe', { src: 'inner.html' })).contentDocument.querySelector('script'),
  'An `about:blank` frame': async () => {
    const made = document.body.appendChild(document.createElement('iframe'));
    return is(await (await made.contentWindow.fetch(url('a.txt'))).text());
  },
  'A frame by `srcdoc`': () => frame({ srcdoc: html(tells) }),
  'A frame by `blob:`': () => frame({ src: URL.createObjectURL(new Blob([html(tells)], { type: 'text/html' })) }),
  'A frame by `data:`': () => frame({ src: `data:text/html,${encodeURIComponent(html(tells))}` }),
  'A sandboxed frame without an origin': () => frame({ src: 'inner.html', sandbox: 'allow-scripts' }),
  'A document written by `document.write()`': async () => {
    const made = await element('iframe', { src: 'inner.html' });
    const text = said(() => made.contentWindow);
    made.contentDocument.open();
    made.contentDocument.write(html(tells));
    made.contentDocument.close();
    return is(await text);
  },
  '`<object>` of a page': async () => {
    const made = Object.assign(document.createElement('object'), { type: 'text/html', data: 'inner.html' });
    const text = said(() => made.contentWindow);
    document.body.append(made);
    return is(await text);
  },
  '`<embed>` of an image': async () => {
    const made = Object.assign(document.createElement('embed'), { type: 'image/svg+xml', src: 'dot.svg' });
    document.body.append(made);
    await once(made, 'load');
    return made.getSVGDocument().querySelector('rect') !== null;
  },
  'SVG `<use>` of another file': async () => {
    document.body.insertAdjacentHTML('beforeend', '<svg><use href="dot.svg#rect"></use></svg>');
    const use = document.querySelector('use');
    const shown = () => use.getBBox().width === 7;
    for (let frames = 0; frames < 60 && !shown(); frames += 1) await new Promise((next) => requestAnimationFrame(next));
    return shown();
  },
  'Classic workers, and what they fetch and import': async () => is(await heard(new Worker('worker.js')), `${A}1`),
  'Module workers, and what they fetch and import': async () => is(await heard(new Worker('module.mjs', { type: 'module' })), `${A}1`),
  'Workers of workers': async () => is(await heard(new Worker('nesting.js')), `${A}1`),
  'Workers by `blob:` URL': async () => is(await heard(new Worker(script(tells.replace('parent.postMessage({ text }, \'*\')', 'postMessage({ text })'))))),
  'Workers by `data:` URL': async () => is(await heard(new Worker(`data:text/javascript,${encodeURIComponent(tells.replace('parent.postMessage({ text }, \'*\')', 'postMessage({ text })'))}`))),
  'Shared workers': async () => {
    const worker = new SharedWorker('shared.js');
    return is(await heard(worker, worker.port));
  },
  'Shared workers that are modules': async () => {
    const worker = new SharedWorker('shared.mjs', { type: 'module' });
    return is(await heard(worker, worker.port), `${A}1`);
  },
  'Shared workers by `blob:` URL': async () => {
    const code = `onconnect = ({ ports: [port] }) => ${tells.replace('parent.postMessage({ text }, \'*\')', 'port.postMessage({ text })')}`;
    const worker = new SharedWorker(script(code));
    return is(await heard(worker, worker.port));
  },
  'Service workers of its own': async () => !!(await navigator.serviceWorker.register('own-worker.js')),
  'Audio worklets': async () => await new OfflineAudioContext(1, 1, 8000).audioWorklet.addModule('processor.js') === undefined,
  'Windows by `window.open()`': () => window.open('inner.html') !== null,
  '`localStorage` and `sessionStorage`': () => {
    localStorage.setItem('a', 'b');
    sessionStorage.setItem('a', 'b');
    return localStorage.getItem('a') + sessionStorage.getItem('a') === 'bb';
  },
  'IndexedDB': () => new Promise((resolve, reject) => {
    const request = indexedDB.open('own');
    request.onsuccess = () => { request.result.close(); resolve(true); };
    request.onerror = () => reject(request.error);
  }),
  'Cache API': async () => {
    const cache = await caches.open('own');
    await cache.put('a', new Response('b'));
    return await (await cache.match('a')).text() === 'b';
  },
  'Origin private file system': async () => !!(await (await navigator.storage.getDirectory()).getFileHandle('own', { create: true })),
  'Web Locks': () => navigator.locks.request('own', () => true),
  'Reading an image back from a canvas': async () => {
    const image = await element('img', { src: 'dot.svg' });
    const canvas = document.createElement('canvas').getContext('2d');
    canvas.drawImage(image, 0, 0);
    return canvas.getImageData(0, 0, 1, 1).data.length === 4;
  },
  '`history.pushState()` with another path': () => {
    const before = location.href;
    history.pushState({}, '', 'elsewhere');
    const moved = location.pathname.endsWith('/elsewhere');
    history.replaceState({}, '', before);
    return moved;
  },
};
