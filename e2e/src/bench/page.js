// What the benchmarks do in a host page; put before every script of theirs.
const B = (self.bench ??= { subjects: {}, connections: 0 });
/** A document that says how long a fetch took until its first bytes were there. */
const TIMER = `<!doctype html><meta charset="utf-8"><title>timer</title><script>
addEventListener('message', async ({ data, source }) => {
  if (!data?.time) return;
  const report = { timed: data.time };
  try {
    const begun = performance.now();
    const response = await fetch(data.url, { cache: 'no-store' });
    const { value } = await response.body.getReader().read();
    report.ms = performance.now() - begun;
    Object.assign(report, { status: response.status, first: value?.length ?? 0 });
  } catch (error) { report.error = String(error); }
  source.postMessage(report, '*');
});
parent.postMessage({ timer: location.href }, '*');
</script>`;
const FILES = { 'timer.html': TIMER, 'file.txt': 'x'.repeat(1024) };
const timer = async (url) => {
  const ready = once(window, 'message', (event) => event.data?.timer === url);
  const frame = document.body.appendChild(document.createElement('iframe'));
  frame.src = url;
  await within(ready, `the timer at ${url}`);
  return frame.contentWindow;
};
/** Ours: a session, mounted. */
const ours = async (name, origin, options) => {
  const vfs = (B[origin] ??= await connect({ origin }));
  const session = await within(vfs.session(options), name);
  await within(session.put(FILES), `the put of ${name}`);
  const place = document.body.appendChild(document.createElement('div'));
  const ready = once(window, 'message', (event) => event.data?.timer?.startsWith(session.url));
  const preview = await session.mount(place, { entry: 'timer.html' });
  await within(ready, `the timer of ${name}`);
  const starts = async () => (await session.estimate()).worker.started;
  B.subjects[name] = { window: preview.element.contentWindow, starts };
};
/** The worker and proxy page of playground-elements, spoken to as its project element does. */
const playground = async (name, origin) => {
  const port = new MessageChannel();
  const id = 'benchmark';
  const frame = document.body.appendChild(document.createElement('iframe'));
  const loaded = once(frame, 'load');
  frame.src = `${origin}/playground-service-worker-proxy.html#playground-session-id=${id}`;
  await within(loaded, 'the proxy page');
  const answer = ({ data }) => {
    const [{ value: file }] = data.argumentList;
    const content = FILES[file];
    const value = content === undefined ? { body: 'not found', status: 404 } : { name: file, content, contentType: file.endsWith('html') ? 'text/html' : 'text/plain' };
    return { id: data.id, type: 'RAW', value };
  };
  const connected = new Promise((resolve) => {
    port.port1.onmessage = ({ data }) => {
      if (data.type !== 3) return;
      const toWorker = data.port;
      toWorker.onmessage = ({ data }) => {
        if (data.type !== 4) return;
        const files = new MessageChannel();
        files.port1.onmessage = (event) => files.port1.postMessage(answer(event));
        const argumentList = [{ type: 'HANDLER', name: 'proxy', value: files.port2 }, { type: 'RAW', value: id }];
        toWorker.postMessage({ id: String(Math.random()), type: 'APPLY', path: ['setFileAPI'], argumentList }, [files.port2]);
        B.connections += 1;
        resolve();
      };
    };
  });
  const scope = `${origin}/__playground_swfs_/`;
  frame.contentWindow.postMessage({ type: 1, scope, port: port.port2 }, origin, [port.port2]);
  await within(connected, 'the worker of playground-elements');
  B.subjects[name] = { window: await timer(`${scope}${id}/timer.html`), starts: async () => B.connections };
};
/** How long a subject takes for a file of 1 KB, and how often its worker was started until now. */
const time = async (name) => {
  const subject = B.subjects[name], id = Math.random();
  const timed = once(window, 'message', (event) => event.data?.timed === id);
  subject.window.postMessage({ time: id, url: 'file.txt' }, '*');
  const { data } = await within(timed, `a fetch of ${name}`);
  if (data.error || data.status !== 200 || data.first !== 1024) throw new Error(`${name}: ${JSON.stringify(data)}`);
  return { ms: data.ms, starts: await subject.starts() };
};
