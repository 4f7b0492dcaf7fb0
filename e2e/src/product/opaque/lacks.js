// Each row of the guide, and how it is tried in the frame: true where it works.
const painted = async (attributes) => {
  const image = await element('img', { ...attributes, src: `dot.svg?${Math.random()}` });
  const canvas = document.createElement('canvas').getContext('2d');
  canvas.drawImage(image, 0, 0);
  return canvas.getImageData(0, 0, 1, 1).data.length === 4;
};
const pushed = (url) => { history.pushState({}, '', url); return true; };
const rows = {
  'Scripts, style sheets, images, audio and video by relative URL': async () => {
    await Promise.all([element('script', { src: 'script.js' }), element('link', { rel: 'stylesheet', href: 'site.css' }),
      element('img', { src: 'dot.svg' }), element('audio', { src: 'tone.wav', preload: 'metadata' })]);
    return self.scripted === 1 && getComputedStyle(document.body).color === 'rgb(1, 2, 3)';
  },
  'Module scripts and `import()`': async () => (await import(new URL('module.mjs', document.baseURI))).default === 7,
  'Fonts': async () => (await new FontFace('probe', `url(${new URL('font.woff', document.baseURI)})`).load()).status === 'loaded',
  '`fetch()`': async () => await (await fetch('a.txt')).text() === 'the letter a',
  'Synchronous `XMLHttpRequest`': () => {
    const request = new XMLHttpRequest();
    request.open('GET', 'a.txt', false);
    request.send();
    return request.responseText === 'the letter a';
  },
  '`WebAssembly.instantiateStreaming()`': async () => !!(await WebAssembly.instantiateStreaming(fetch('empty.wasm'))).instance,
  'Frames of the session’s other pages': async () => {
    const said = once(self, 'message', (event) => event.data?.inner);
    await element('iframe', { src: 'inner.html' });
    return (await said).data.inner === 'null';
  },
  'Reading such a frame’s document': async () => !!(await element('iframe', { src: 'inner.html' })).contentDocument.body,
  'Frames by `srcdoc`, with relative URLs': async () => {
    const said = once(self, 'message', (event) => event.data?.width);
    await element('iframe', { srcdoc: '<img src=dot.svg onload="parent.postMessage({ width: this.naturalWidth }, \'*\')">' });
    return (await said).data.width === 7;
  },
  'Workers by `blob:` or `data:` URL': async () => await answers(new Worker(script('postMessage(1)')))
    && await answers(new Worker('data:text/javascript,postMessage(1)')),
  '`importScripts()` in such a worker': () => {
    const url = JSON.stringify(new URL('imported.js', document.baseURI));
    return answers(new Worker(script(`importScripts(${url}); if (self.imported) postMessage(1)`)));
  },
  'Workers by a file’s URL': () => answers(new Worker('worker.js')),
  'Shared workers by a file’s URL': () => { const worker = new SharedWorker('shared.js'); return answers(worker, worker.port); },
  'Service workers of its own': async () => !!await navigator.serviceWorker.register('worker.js'),
  'Audio worklets by a file’s URL': async () => { await new OfflineAudioContext(1, 1, 8000).audioWorklet.addModule('processor.js'); return true; },
  '`localStorage` and `sessionStorage`': () => localStorage.length + sessionStorage.length >= 0,
  '`document.cookie`': () => { document.cookie = 'a=b'; return document.cookie === 'a=b'; },
  'IndexedDB': () => new Promise((resolve, reject) => {
    const open = indexedDB.open('probe');
    open.onsuccess = () => resolve(true);
    open.onerror = () => reject(open.error);
  }),
  'Cache API': async () => !!await caches.open('probe'),
  'Origin private file system': async () => !!await navigator.storage.getDirectory(),
  'Web Locks': async () => await navigator.locks.request('probe', () => true),
  '`BroadcastChannel` within the frame': async () => {
    const [one, other] = [new BroadcastChannel('probe'), new BroadcastChannel('probe')];
    const said = once(other, 'message');
    one.postMessage(1);
    return (await said).data === 1;
  },
  '`crypto.subtle`': async () => (await crypto.subtle.digest('SHA-256', new Uint8Array(1))).byteLength === 32,
  'Reading an image back from a canvas': () => painted({}),
  '… where the image has `crossorigin`': () => painted({ crossOrigin: 'anonymous' }),
  'SVG `<use>` of another file': async () => {
    await element('img', { src: 'dot.svg' });
    document.body.insertAdjacentHTML('beforeend', '<svg><use href="dot.svg#rect"></use></svg>');
    const use = document.querySelector('use');
    const shown = () => use.getBBox().width === 7;
    for (let frames = 0; frames < 60 && !shown(); frames += 1) await new Promise((next) => requestAnimationFrame(next));
    return shown();
  },
  '`history.pushState()` with another fragment': () => pushed('#elsewhere'),
  '`history.pushState()` with another path': () => pushed(new URL('elsewhere', document.baseURI)),
};
