// A put counts as the session's own place took it. Another place that came to something else is made anew.
const vfs = await connect({ origin: args.origin });
const session = await vfs.session(args.options);
const PROBE = '<!doctype html><title>x</title><script>fetch("n.txt").then((r) => r.text()).then((n) => parent.postMessage({ n }, "*"))</script>';
await session.put({ 'index.html': PROBE, 'n.txt': '0' });
const shown = async (action) => {
  const said = once(window, 'message', (event) => event.data?.n !== undefined);
  const result = await within(action(), 'the preview');
  return [(await within(said, 'the preview to speak')).data.n, result];
};
const [zero, preview] = await shown(() => session.mount(stage, { isolation: 'shared' }));
same('copied', zero, '0');
// Another connection looks at both places.
const other = await connect({ origin: args.origin });
const [here, there] = [await other.session(args.options), await other.session({ ...args.options, isolation: 'shared' })];
const text = async (of) => (await of.read('n.txt')).text();
const both = async () => [await text(here), await text(there)];
/** Spoils the nth put from now on, counted from 1. */
const spoil = (nth) => {
  let seen = 0;
  meddle = (message) => {
    if (message.type === 'PUT_FILES') seen += 1;
    if (message.type === 'PUT_FILES' && seen === nth) message.mode = 'nonsense';
  };
};

await session.put({ 'n.txt': '1' });
same('to both', await both(), ['1', '1']);

spoil(2);
holds('the first place took it', (await refusal(session.put({ 'n.txt': '2' }))).startsWith('resolved'), 'it rejected');
meddle = () => {};
same('the second did not', await both(), ['2', '1']);
same('loaded again', (await shown(() => preview.reload()))[0], '2');
same('copied anew', await both(), ['2', '2']);
await session.put({ 'n.txt': '3' });
same('to both again', await both(), ['3', '3']);

spoil(1);
same('the first place refused it', await refusal(session.put({ 'n.txt': '4' })), 'INVALID_MESSAGE');
meddle = () => {};
same('the second did not', await both(), ['3', '4']);
same('mounted', (await shown(() => session.mount(stage, { isolation: 'shared' })))[0], '3');
same('copied anew', await both(), ['3', '3']);

// Neither is asked where the first cannot be, and a second that is out of the page is no reason to fail.
await other.dispose();
const second = hubFrames().find((frame) => new URL(frame.src).hostname === 'virtual-files.localhost');
second.remove();
holds('without the second', (await refusal(session.put({ 'n.txt': '5' }))).startsWith('resolved'), 'it rejected');
same('mounted once more', (await shown(() => session.mount(stage, { isolation: 'shared' })))[0], '5');
const first = hubFrames().find((frame) => new URL(frame.src).hostname !== 'virtual-files.localhost');
const puts = counts.PUT_FILES;
first.remove();
same('without the first', await refusal(session.put({ 'n.txt': '6' })), 'ABORTED');
same('nobody was asked', counts.PUT_FILES, puts);
await vfs.dispose();
