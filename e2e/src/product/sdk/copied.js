// What a second isolation shows is what the first has: every file with what is known of it, and how it is served.
const vfs = await connect({ origin: args.origin });
const session = await vfs.session({ ...args.options, spa: 'index.html' });
const files = [];
for (let n = 0; n < 1500; n += 1) files.push({ path: `f/${n}.txt`, content: `file ${n}`, modified: 1000 + n });
files.push({ path: 'index.html', content: '<!doctype html><title>x</title><script>parent.postMessage({ at: location.pathname }, "*")</script>' });
files.push({ path: 'odd name é#?.bin', content: new Uint8Array([0, 1, 2]), type: 'text/x-odd' });
files.push({ path: 'large.bin', content: new Blob([new Uint8Array(9 << 20).fill(7)]) });
files.push({ path: 'empty', content: '' });
await session.put(files);
// Packs with holes.
await session.put({ 'f/3.txt': 'changed' });
await session.delete(['f/4.txt', 'f/700.txt']);
await session.dispose();

const again = await vfs.session(args.options);
for (const kind of Object.keys(counts)) delete counts[kind];
const said = once(window, 'message', (event) => event.data?.at);
const preview = await within(again.mount(stage, { isolation: 'shared', entry: 'some/route' }), 'mount');
const { data } = await within(said, 'the page of a route');
same('served as the first is', data.at, `/${args.options.id}/some/route`);
same('isolation', preview.isolation, 'shared');
same('requests', [counts.EXPORT, counts.PUT_FILES, counts.READ_FILE ?? 0, counts.LIST_FILES ?? 0], [1, 1, 0, 0]);
const other = await vfs.session({ id: args.options.id, isolation: 'shared' });
const [here, there] = [await again.list(), await other.list()];
same('how many', there.length, 1502);
holds('the same files', JSON.stringify(here) === JSON.stringify(there), there.slice(0, 3));
for (const path of ['f/3.txt', 'f/5.txt', 'f/1499.txt', 'odd name é#?.bin', 'empty', 'large.bin']) {
  const [a, b] = [await again.read(path), await other.read(path)];
  same(path, [await sha256(b), b.type], [await sha256(a), a.type]);
}
await again.clear();
same('cleared in both', (await other.list()).length, 0);

// What is not there is not there in the second place either, whatever that had under the id.
const [id, bare] = [`${args.options.id}-n`, { isolation: 'shared' }];
await (await vfs.session({ ...bare, id })).put({ 'stale.txt': 'stale' });
const none = await vfs.session({ ...args.options, id });
await none.mount(stage, bare);
same('no session', (await (await vfs.session({ ...bare, id })).list()).length, 0);
await vfs.dispose();
