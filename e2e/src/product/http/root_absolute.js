// Whatever asks for `/path` is answered from its own session, however it asks.
const { root, session } = args;
const at = (url) => url.slice(location.origin.length);
same('fetch', await textOf(await ask('/a.txt')), [200, 'the letter a']);
same('a directory', await textOf(await ask('/docs/')), [200, 'index of docs']);
const docs = await ask('/docs?q');
same('a directory without its slash', [docs.status, await docs.text()], [200, 'index of docs']);
same('what is not there', (await ask('/none.txt')).status, 404);
same('by the session’s own name', await textOf(await ask(`/${session}/a.txt`)), [200, 'the letter a']);
same('another session’s name is a directory that is not there', (await ask(`/${args.other}/a.txt`)).status, 404);
// The VFS origin's own assets have the names of files that a session may have as well.
for (const path of ['/sw.js', '/hub.html', '/_vf/hello']) same(path, await textOf(await ask(path)), [200, `own ${path}`]);

const xhr = (sync) => {
  const request = new XMLHttpRequest();
  request.open('GET', '/a.txt', !sync);
  const done = once(request, 'loadend');
  request.send();
  return sync ? [request.status, request.responseText] : within(done.then(() => [request.status, request.responseText]), 'the XHR');
};
same('XHR', await xhr(false), [200, 'the letter a']);
// Chromium and WebKit ask no worker for a page's synchronous request.
same('synchronous XHR', xhr(true)[0], args.synchronous ? 200 : 404);

const loaded = async (name, attributes, parent = document.body) => {
  const element = Object.assign(document.createElement(name), attributes);
  const done = Promise.race([once(element, 'load'), once(element, 'error')]);
  parent.append(element);
  same(`<${name}> of ${attributes.src ?? attributes.href}`, (await within(done, name)).type, 'load');
  return element;
};
await loaded('script', { src: '/classic.js' });
same('a script', self.classic, 'ran');
await loaded('link', { rel: 'stylesheet', href: '/style.css' }, document.head);
const { color, backgroundColor } = getComputedStyle(document.body);
same('a style sheet, and one that it imports', [color, backgroundColor], ['rgb(1, 2, 3)', 'rgb(4, 5, 6)']);
same('an image', (await loaded('img', { src: '/dot.svg' })).naturalWidth, 7);
const { deep, here } = await within(import('/lib/m.mjs'), 'the module');
same('a module, and one that it imports', deep, 'deep');
same('the URL of a module is one of this origin', new URL(here).origin, location.origin);

const page = await frameAt('/page.html?q');
same('a frame, with what it asks for', [page.title, page.text], ['page', 'ran']);
holds('its URL still tells its session', page.path === `${root}page.html?q` || page.path === `/${session}/page.html?q`, page.path);
same('a frame of a directory', (await frameAt('/docs')).text, 'index of docs');

for (const [url, type] of [['/w.js', 'classic'], ['/w.mjs', 'module']]) {
  const worker = new Worker(url, { type });
  const failed = once(worker, 'error').then((event) => ({ data: `failed: ${event.message}` }));
  const { data } = await within(Promise.race([once(worker, 'message'), failed]), `the ${type} worker`);
  worker.terminate();
  same(`a ${type} worker, with what it asks for`, data, ['helper', 'the letter a', 'own /sw.js']);
}
