// The host page's part of the benchmarks: opens subjects, and has each do its turn. After the prelude of all scripts.
const B = { subjects: {}, connections: 0 };
self.bench = B;

const typeOf = (path) => ({
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  txt: 'text/plain; charset=utf-8',
})[path.slice(path.lastIndexOf('.') + 1)];

/** The files of all subjects, by path. */
B.files = (async () => {
  const [list, bytes] = await Promise.all([
    fetch('/corpus.json').then((response) => response.json()),
    fetch('/corpus.bin').then((response) => response.arrayBuffer()),
  ]);
  return new Map(list.map(([path, offset, length]) => [path, new Uint8Array(bytes, offset, length)]));
})();

/** All of them, and so many small ones more. */
const filesAnd = async (more = 0) => {
  const files = new Map(await B.files);
  for (let file = 0; file < more; file += 1) files.set(`more/folder-${file % 37}/file-${file}.txt`, new Uint8Array(100).fill(file));
  return files;
};

/** The same as packs of up to 4 MB, a larger file in one of its own, and the place of each file in them. */
const packed = (files) => {
  const list = [], packs = [];
  let open = { parts: [], length: 0 };
  const close = () => {
    if (open.length) packs.push(open.parts);
    open = { parts: [], length: 0 };
  };
  for (const [path, bytes] of files) {
    if (open.length + bytes.length > 4 << 20) close();
    list.push([path, packs.length, open.length, bytes.length, typeOf(path) ?? 'application/octet-stream']);
    open.parts.push(bytes);
    open.length += bytes.length;
  }
  close();
  return { list, blobs: packs.map((parts) => new Blob(parts)) };
};

const frame = (url) => {
  const frame = document.createElement('iframe');
  frame.src = url;
  return document.body.appendChild(frame);
};

/** The answer to a message that takes a port with it. */
const answered = async (target, message, what) => {
  const { port1, port2 } = new MessageChannel();
  const answer = once(port1, 'message');
  port1.start();
  target.postMessage(message, '*', [port2]);
  const { value, error } = (await within(answer, what, 100000)).data;
  if (error) throw new Error(`${what}: ${error}`);
  return value;
};

/** A page that has registered a worker of its origin, and is controlled by it. */
const boot = async (origin) => {
  const booted = once(window, 'message', ({ data }) => data?.booted === origin);
  const element = frame(`${origin}/boot.html`);
  const { data } = await within(booted, `the worker of ${origin}`);
  if (data.error) throw new Error(data.error);
  return { element, window: element.contentWindow, ms: data.ms };
};

/** The document that does a subject's turns. */
const probeAt = async (url) => {
  const ready = once(window, 'message', ({ data }) => data?.probe === url);
  const { contentWindow } = frame(url);
  await within(ready, `the probe at ${url}`);
  return contentWindow;
};

const openers = {
  async ours(origin, { id, storage, more }) {
    const vfs = await connect({ origin });
    const session = await within(vfs.session({ id, storage, isolation: 'origin' }), `the session ${id}`);
    await within(session.put(await filesAnd(more)), `the put of ${id}`);
    const ready = once(window, 'message', ({ data }) => data?.probe?.startsWith(session.url));
    const place = document.body.appendChild(document.createElement('div'));
    const preview = await within(session.mount(place, { entry: 'probe.html' }), `the preview of ${id}`);
    await within(ready, `the probe of ${id}`);
    const starts = async () => (await session.estimate()).worker.started;
    return { window: preview.element.contentWindow, base: session.url, starts };
  },
  /** A worker written for the benchmarks, whose files are put into it. */
  async own(origin, { more }) {
    const { element, window } = await boot(origin);
    await answered(window, { worker: { put: packed(await filesAnd(more)) } }, `the put of ${origin}`);
    const probe = await probeAt(`${origin}/probe.html`);
    const starts = () => answered(window, { worker: {} }, `the start of ${origin}`);
    return { window: probe, base: `${origin}/`, starts, element };
  },
  /** The worker that knows what is asked next, because it is told. */
  async limit(origin) {
    const files = await B.files;
    const { window } = await boot(origin);
    const blob = (path) => new Blob([files.get(path)]);
    const tell = (document, entry, body, type) => {
      const put = { document: blob(document), entry: blob(entry), body, type };
      return answered(window, { worker: { put } }, 'the limit');
    };
    const text = (length) => new Blob([new Uint8Array(length).fill(120)]);
    const asProbe = (bytes) => tell('probe.html', 'flat/main.js', text(bytes), typeOf('a.txt'));
    await asProbe(1);
    const probe = await probeAt(`${origin}/probe.html`);
    const asApp = (folder) => tell(`${folder}/index.html`, `${folder}/main.js`, blob(`${folder}/m/0.js`), typeOf('a.js'));
    return { window: probe, base: `${origin}/`, asProbe, asApp };
  },
  async plain(origin) {
    return { window: await probeAt(`${origin}/probe.html`), base: `${origin}/` };
  },
};

/** Opens a subject under a name. */
B.open = async (name, kind, origin, options = {}) => {
  B.subjects[name] = await openers[kind](origin, options);
};

let tasks = 0;
const ask = async (name, task, given) => {
  const id = ++tasks;
  const done = once(window, 'message', ({ data }) => data?.done === id);
  B.subjects[name].window.postMessage({ task, id, given }, '*');
  const { value, error } = (await within(done, `${task} of ${name}`, 100000)).data;
  if (error) throw new Error(`${name}: ${error}`);
  return value;
};

/** A subject's turn, after one that is not counted: its worker is there, and has served all of it. */
B.turn = async (name, task, given) => {
  await B.subjects[name].asProbe?.(given.bytes);
  const before = { ...given, urls: [...new Set(given.urls)] };
  await ask(name, task, before);
  return ask(name, task, given);
};

/** When a subject's worker was started last, or how often it was until now: it grows with each start. */
B.starts = (name) => B.subjects[name].starts();

/** The first turn of a worker that was stopped. */
B.first = (name, given) => ask(name, 'first', given);
/** A turn without one before it. */
B.straight = ask;

let apps = 0;
/** From the navigation of a new frame to the last module of the app in it. */
B.app = async (name, folder, modules) => {
  const subject = B.subjects[name];
  await (subject.asApp ? subject.asApp(folder) : ask(name, 'reads', { urls: ['file-1k.txt'], bytes: 1024 }));
  const url = `${subject.base}${folder}/index.html?${++apps}`;
  const report = once(window, 'message', ({ data }) => data?.app === url);
  const begun = performance.now();
  const element = frame(url);
  const { data } = await within(report, `the app ${folder} of ${name}`);
  const taken = performance.now() - begun;
  element.remove();
  if (data.modules !== modules) throw new Error(`${name}: ${data.modules} modules of ${folder} ran, not ${modules}`);
  // Firefox does not tell what a worker has answered. A page keeps 250 entries until it asks for more, and what is preloaded comes before that.
  const told = 'userAgentData' in navigator;
  if (told && data.reached < Math.min(modules, 250)) throw new Error(`${name}: only ${data.reached} of ${modules} modules of ${folder} were asked for`);
  return taken;
};

/** From the registration of a worker on an origin that has none to the control of the page that registered it. */
B.register = async (origin) => {
  const { element, window, ms } = await boot(origin);
  await answered(window, { leave: true }, `leaving ${origin}`);
  element.remove();
  return ms;
};
