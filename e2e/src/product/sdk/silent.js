// A preview that spins has its hub's thread. Where the host page runs beside it, it must not wait for ever; where the
// browser gives all of them one thread, the host stands still, too, and nothing may be given up after.
const timeout = 2500, spin = 12000;
const vfs = await connect({ origin: args.origin, timeout });
const session = await vfs.session(args.options);
await session.put({
  'index.html': `<!doctype html><title>spins</title><script>
    addEventListener('message', ({ data, source }) => {
      if (data !== 'spin') return;
      for (const end = performance.now() + ${spin}; performance.now() < end;);
      source.postMessage('spun', '*');
    });
    parent.postMessage('ready', '*');
  </script>`,
});
const ready = once(window, 'message', (event) => event.data === 'ready');
const preview = await session.mount(stage);
await within(ready, 'the preview');

let gap = 0, last = performance.now();
const timer = setInterval(() => {
  gap = Math.max(gap, performance.now() - last);
  last = performance.now();
}, 50);
const spun = once(window, 'message', (event) => event.data === 'spun');
preview.element.contentWindow.postMessage('spin', '*');
await new Promise((resolve) => setTimeout(resolve, 500));
const control = new AbortController();
setTimeout(() => control.abort(), 300);
const began = performance.now();
const outcome = (promise) => refusal(promise).then((code) => [code, performance.now() - began]);
const [put, listed] = await Promise.all([
  outcome(session.put({ 'a.txt': 'a' }, { signal: control.signal })),
  outcome(session.list()),
]);
await within(spun, 'the end of the spinning', 30000);
clearInterval(timer);
const frozen = gap > spin / 2;
if (frozen) {
  holds('put, where the host stood still, too', /resolved|ABORTED/.test(put[0]), put);
  holds('list, where the host stood still, too', listed[0].startsWith('resolved'), listed);
} else {
  same('put', put[0], 'TIMEOUT');
  same('list', listed[0], 'TIMEOUT');
  for (const [what, [, took]] of [['put', put], ['list', listed]]) holds(`${what}: after how long`, took > 2 * timeout - 200 && took < 3 * timeout, took);
  const again = performance.now();
  same('whatever is asked next', await refusal(session.stat('index.html')), 'TIMEOUT');
  holds('at once', performance.now() - again < 200, performance.now() - again);
}
const leaving = performance.now();
await session.dispose();
holds('disposed without waiting for it', performance.now() - leaving < 1500, performance.now() - leaving);
const next = await vfs.session(args.options);
same('hubs', document.querySelectorAll('iframe').length, 1);
await next.put({ 'b.txt': 'b' });
same('the new session', await (await next.read('b.txt')).text(), 'b');
await vfs.dispose();
return frozen ? 'one thread for all: it waits' : `given up after ${Math.round(put[1])} ms`;
