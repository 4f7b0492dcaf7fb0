// An answer may take as long as it takes: a put is not given up while the hub lives. The lock under which the session is
// changed is held for a while, as a writer of another tab would.
const timeout = 500;
const vfs = await connect({ origin: args.origin, timeout: 15000 });
const first = await vfs.session(args.options);
await first.put({
  'index.html': `<!doctype html><title>holds</title><script>
    navigator.locks.request('virtual-files:${args.options.id}', () => {
      parent.postMessage('held', '*');
      return new Promise((resolve) => setTimeout(resolve, 4000));
    });
  </script>`,
});
const impatient = await connect({ origin: args.origin, timeout });
const session = await within((async () => {
  for (;;) {
    try { return await impatient.session(args.options); } catch (error) { if (error.code !== 'TIMEOUT') throw error; }
  }
})(), 'a hub within half a second');
const held = once(window, 'message', (event) => event.data === 'held');
await first.mount(stage);
await within(held, 'the lock');
const before = counts.CONNECT ?? 0, began = performance.now();
const put = await refusal(session.put({ 'a.txt': 'a' }));
holds('put', put.startsWith('resolved'), put);
holds('it took long enough to show something', performance.now() - began > 2000, performance.now() - began);
holds('the hub was asked for signs of life', (counts.CONNECT ?? 0) - before >= 2, counts);
await Promise.all([vfs.dispose(), impatient.dispose()]);
