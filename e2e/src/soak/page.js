// What the soak does in a host page; put before every script of it, after the probe.
const S = (self.soak ??= { sessions: {}, previews: {}, puts: 0, reads: 0 });
const FILES = 40;
/** Lengths from a few bytes to 200 KB; the larger ones are Blobs in packs of their own now and then. */
const lengthOf = (version, file) => 40 + ((version * 7919 + file * 104729) % 997) * [1, 1, 10, 10, 40, 40, 100, 200][file % 8];
const contentOf = (version, file) => `${version}:${file};`.repeat(Math.ceil(lengthOf(version, file) / 4)).slice(0, lengthOf(version, file));
const openAll = async ({ origin, names }) => {
  const vfs = (S.vfs ??= await connect({ origin }));
  for (const [name, storage] of Object.entries(names)) S.sessions[name] ??= await within(vfs.session({ id: name, isolation: 'shared', storage }), name);
};
const mountAll = async () => {
  for (const [name, session] of Object.entries(S.sessions)) {
    S.previews[name]?.dispose();
    const ready = once(window, 'message', (event) => event.data?.probe?.startsWith(session.url));
    S.previews[name] = await session.mount(stage, { entry: 'probe.html' });
    await within(ready, `the probe of ${name}`, 40000);
  }
};
/** One version put into every session, and read back whole; now and then the session is deleted first, or mounted anew. */
const round = async (version) => {
  for (const [name, session] of Object.entries(S.sessions)) {
    if (version % 10 === 9) await session.clear();
    const files = Array.from({ length: FILES }, (_, file) => [`f/${file}.txt`, contentOf(version, file)]);
    // Old names stay for a while, so that packs come to be half empty and are compacted.
    const mode = version % 10 === 0 || version % 10 === 9 ? 'replace' : 'merge';
    const some = mode === 'merge' ? files.filter((_, file) => (file + version) % 3 === 0) : files;
    await within(session.put([['probe.html', PROBE], ...some], { mode }), `put ${version} of ${name}`, 60000);
    S.puts += 1;
    if (!S.previews[name] || version % 20 === 0) continue;
    for (const [path, content] of some) {
      const answer = await ask(S.previews[name], path);
      if (answer.text !== content) throw new Error(`${name}, version ${version}, ${path}: ${answer.status ?? answer.error} ${String(answer.text).slice(0, 60)}`);
      S.reads += 1;
    }
  }
  if (version % 20 === 0) await mountAll();
  return { puts: S.puts, reads: S.reads };
};
