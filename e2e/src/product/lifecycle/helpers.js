// What the lifecycle cases do in a host page. `args` has the case's session options.
/** Opens the session that the options name, and keeps it under a name. Nothing is put. */
const open = async (options = args.options, name = 'session') => {
  self.vfs ??= await connect({ origin: args.origin });
  self[name] = await vfs.session(options);
  return self[name];
};
/** A document that fetches what it is asked to, as the session's own code would. */
const PROBE = `<!doctype html><meta charset="utf-8"><title>probe</title><script>
addEventListener('message', async ({ data, source }) => {
  if (!data?.ask) return;
  const report = { answered: data.ask };
  try {
    const response = await fetch(data.url, data.init);
    Object.assign(report, { status: response.status, etag: response.headers.get('etag') });
    const body = await response.text();
    Object.assign(report, { text: data.brief ? body.slice(0, 60) : body, length: body.length });
  } catch (error) { report.error = String(error); }
  source.postMessage(report, '*');
});
parent.postMessage({ probe: true, controlled: !!navigator.serviceWorker.controller }, '*');
</script>`;
/** Mounts the probe, which a put must have brought before, in a frame of its own. */
const mountProbe = async (of = self.session, entry = 'probe.html') => {
  const place = stage.appendChild(document.createElement('div'));
  const ready = once(window, 'message', (event) => event.data?.probe);
  const preview = await of.mount(place, { entry });
  await within(ready, 'the probe');
  return preview;
};
let asked = Math.random();
/** Has a mounted probe fetch a URL. */
const ask = async (preview, url, more = {}) => {
  asked += 1;
  const id = `ask-${asked}`;
  const answer = once(window, 'message', (event) => event.data?.answered === id);
  preview.element.contentWindow.postMessage({ ask: id, url, ...more }, '*');
  return (await within(answer, `the probe's fetch of ${url}`)).data;
};
const same = (found, wanted, what) => {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (a !== b) throw new Error(`${what}: expected ${b?.slice(0, 400)}, got ${a?.slice(0, 400)}`);
};
const check = (condition, what) => {
  if (!condition) throw new Error(what);
};
/** The code of the error that a promise rejects with, or what it resolved to. */
const codeOf = (promise) => promise.then((value) => `resolved: ${JSON.stringify(value)}`, (error) => error.code ?? String(error));
