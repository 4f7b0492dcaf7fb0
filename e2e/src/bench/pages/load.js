// The way of a small app from the host's first call to its first picture.

const PREVIEW = 'preview/';

/** Each gives the frame of the app, or its URL. */
const loaders = {
  async ours(origin, { id }, files) {
    const vfs = await connect({ origin });
    const session = await vfs.session({ id, isolation: 'origin' });
    await session.put(files);
    const place = document.body.appendChild(document.createElement('div'));
    await session.mount(place, { entry: 'preview/index.html' });
  },
  async own(origin, _, files) {
    const { window } = await boot(origin);
    await answered(window, { worker: { put: packed(files) } }, `the put of ${origin}`);
    frame(`${origin}/preview/index.html`);
  },
};
for (const [kind, peer] of Object.entries(peers)) {
  loaders[kind] = async (origin) => {
    const { base } = await peer(origin);
    frame(`${base}preview/index.html`);
  };
}

B.load = async (kind, origin, given, modules) => {
  const files = new Map([...await B.files].filter(([path]) => path.startsWith(PREVIEW)));
  await relayLibrary;
  const painted = once(window, 'message', ({ data }) => data?.painted);
  const begun = performance.now();
  await loaders[kind](origin, given, files);
  const { data } = await within(painted, 'the picture of the app');
  const taken = performance.now() - begun;
  if (data.modules !== modules) throw new Error(`${data.modules} modules ran, not ${modules}`);
  return taken;
};
