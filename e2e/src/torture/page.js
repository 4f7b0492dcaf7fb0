// What the torture does in a host page; put before every script of it. `args` has what the driver drew.
const T = (self.torture ??= { places: {}, sessions: {}, previews: {}, jobs: {} });
/** How long a file is, as `model.rs` has it. */
const sizeOf = (tag, file) => 24 + ((tag * 7919 + file * 104729) % 997) * [1, 1, 1, 40, 40, 400, 400, 6000][file % 8];
/** A file of a change: every piece of it tells whose it is. */
const textOf = (tag, file) => {
  const size = sizeOf(tag, file), unit = `${tag}:${file};`;
  return (`${tag} ${file} ${size}\n` + unit.repeat(Math.ceil(size / unit.length))).slice(0, size);
};
const nameOf = (file) => `f/${file}.txt`;
const bundleOf = (tag, files) => Object.fromEntries([['probe.html', PROBE], ...files.map((file) => [nameOf(file), textOf(tag, file)])]);

/** Opens a session in this page, if it is not open here. */
const open = async ({ key, origin, options }) => {
  T.places[origin] ??= await connect({ origin });
  T.sessions[key] ??= await within(T.places[origin].session(options), `session ${key}`, 40000);
  return T.sessions[key];
};
/** Mounts the probe, if it is not mounted in this page. */
const previewOf = async (spec, again = false) => {
  const session = await open(spec);
  if (again) { T.previews[spec.key]?.dispose(); delete T.previews[spec.key]; }
  if (!T.previews[spec.key]) {
    const place = stage.appendChild(document.createElement('div'));
    const ready = once(window, 'message', (event) => event.data?.probe?.startsWith(session.url));
    const preview = await session.mount(place, { entry: 'probe.html' });
    await within(ready, `the probe of session ${spec.key}`, 30000);
    T.previews[spec.key] = preview;
  }
  return T.previews[spec.key];
};
/** Whose a whole file is. */
const tell = (file, text) => {
  const tag = Number(/^(\d+) /.exec(text)?.[1] ?? NaN);
  return text === textOf(tag, file) ? { file, tag } : { file, bad: `${text.length} bytes: ${text.slice(0, 60)}` };
};
/** Whose a part of a file is, as its Content-Range tells it; a few bytes do not tell. */
const tellPart = (file, { text, range }) => {
  if (text.length < 24) return { file, short: true };
  const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(range)?.map(Number) ?? [];
  const tag = Number((first === 0 ? /^(\d+) / : /;(\d+):\d+;/).exec(text)?.[1] ?? NaN);
  const right = text === textOf(tag, file).slice(first, last + 1) && total === sizeOf(tag, file);
  return right ? { file, tag } : { file, bad: `${range}: ${text.slice(0, 60)}` };
};
/** One file, by a fetch of the preview or by the hub: whose it is, or that it is not there, or what went wrong. */
const look = async (spec, { file, way }) => {
  if (way === 'hub') {
    const session = await open(spec);
    try {
      return tell(file, await (await within(session.read(nameOf(file)), `the read of ${file}`, 40000)).text());
    } catch (error) {
      return error.code === 'NOT_FOUND' ? { file } : { file, failed: describe(error) };
    }
  }
  const range = { head: 'bytes=0-199', tail: 'bytes=-200', middle: 'bytes=1000-1399' }[way];
  const answer = await ask(await previewOf(spec), nameOf(file), { init: range && { headers: { range } } }, 40000);
  if (answer.error) return { file, failed: answer.error };
  if (answer.status === 404) return { file };
  if (answer.status === 416 && way === 'middle') return { file, short: true };
  if (answer.status === 206 && range) return tellPart(file, answer);
  return answer.status === 200 && !range ? tell(file, answer.text) : { file, failed: `status ${answer.status}: ${answer.text.slice(0, 200)}` };
};
/** Files one after another, in the order in which they were looked at. */
const lookAll = async (spec, looks) => {
  const seen = [];
  for (const one of looks) seen.push(await look(spec, one));
  return seen;
};
const listOf = async (spec) => {
  const files = await within((await open(spec)).list('f/'), 'the list', 40000);
  return files.map(({ path, size }) => [Number(/^f\/(\d+)\.txt$/.exec(path)[1]), size]);
};
const change = async (spec, { tag, kind, files }) => {
  const session = await open(spec);
  if (kind === 'delete') return session.delete(files.map(nameOf));
  return session.put(bundleOf(tag, files), { mode: kind });
};
/** What became of a promise, as a value. */
const outcome = (promise) => promise.then((value) => ({ value: value ?? null }), (error) => ({ failed: describe(error) }));
/** Begins something that is asked about later. */
const begin = (job, work) => {
  T.jobs[job] = outcome(work).then((found) => { T.jobs[job] = found; return found; });
};
/** What has come of the jobs that are done, once each. */
const done = () => {
  const found = Object.entries(T.jobs).filter(([, job]) => !(job instanceof Promise));
  for (const [job] of found) delete T.jobs[job];
  return Object.fromEntries(found);
};
/** Takes previews and sessions out of what is open in this page. */
const forget = (keys) => {
  for (const key of keys) {
    T.previews[key]?.dispose();
    delete T.previews[key];
    delete T.sessions[key];
  }
};
/** Takes the frame of a hub out of the page, as a careless host does, and then leaves the sessions that it had. */
const killHub = async (hub, keys) => {
  const frames = [...document.querySelectorAll('iframe')].filter(({ src }) => src === `${hub}/hub.html`);
  for (const frame of frames) frame.remove();
  const left = keys.map((key) => T.sessions[key]).filter(Boolean);
  await within(Promise.all(left.map((session) => session.dispose())), 'the end of the sessions', 40000);
  forget(keys);
  return frames.length;
};
