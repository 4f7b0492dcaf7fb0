// What the lifecycle cases do in a host page. `args` has the case's session options.
/** Opens the session that the options name, and keeps it under a name. Nothing is put. */
const open = async (options = args.options, name = 'session') => {
  self.vfs ??= await connect({ origin: args.origin });
  self[name] = await vfs.session(options);
  return self[name];
};
/** Mounts the probe, which a put must have brought before, in a frame of its own. */
const mountProbe = async (of = self.session, entry = 'probe.html') => {
  const place = stage.appendChild(document.createElement('div'));
  const ready = once(window, 'message', (event) => event.data?.probe);
  const preview = await of.mount(place, { entry });
  await within(ready, 'the probe');
  return preview;
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
