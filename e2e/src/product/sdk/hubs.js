// `keeper` keeps a shared hub open beside the session; under isolation by origins it has a hub of its own.
const vfs = await connect({ origin: args.origin });
const keeper = await vfs.session({ isolation: args.options.isolation });
const shared = args.options.isolation === 'shared';
const open = (more = {}) => vfs.session({ ...args.options, ...more });

// Changes are told once, however many have listened before and however many listen now.
const listen = (session) => {
  const seen = [];
  session.addEventListener('change', (event) => seen.push(event.detail.version));
  return seen;
};
let one = await open();
listen(one);
await one.put({ 'a.txt': '0' });
await one.dispose();
same('unsubscribed, where the hub stays', counts.UNSUBSCRIBE ?? 0, shared ? 1 : 0);
one = await open();
const two = await open();
const [atOne, atTwo] = [listen(one), listen(two)];
await sleep(100);
const { version } = await one.put({ 'a.txt': '1' });
await sleep(300);
same('told once', [atOne, atTwo], [[version], [version]]);
const unsubscribed = counts.UNSUBSCRIBE ?? 0;
await one.dispose();
same('the other one still listens', counts.UNSUBSCRIBE ?? 0, unsubscribed);
const next = await two.put({ 'a.txt': '2' });
await sleep(300);
same('told on', [atOne, atTwo], [[version], [version, next.version]]);
await two.clear();
await two.dispose();

// A session in memory is there for as long as somebody here has it open.
const memory = { id: `${args.options.id}-m`, storage: 'memory' };
const [left, right] = [await open(memory), await open(memory)];
await left.put({ 'a.txt': 'in memory' });
await left.dispose();
same('somebody else has it', (await right.list()).length, 1);
await right.dispose();
same('released', counts.RELEASE > 0, true);
const later = await open(memory);
same('gone', await later.list(), []);
await later.dispose();

// One in IndexedDB stays.
const stored = await open();
await stored.put({ 'kept.txt': 'kept' });
await stored.dispose();

// A hub that the page's framework has thrown out is not joined.
const again = await open();
same('stored', (await again.list()).map((file) => file.path), ['kept.txt']);
for (const frame of hubFrames()) frame.remove();
same('the old one', await refusal(again.list()), 'ABORTED');
const fresh = await open();
same('the new one', (await fresh.list()).map((file) => file.path), ['kept.txt']);
await fresh.clear();

// Nobody gets a session of a connection that was disposed of meanwhile, neither who opens a hub nor who joins it.
for (const frame of hubFrames()) frame.remove();
const [opening, joining] = [refusal(open()), refusal(open())];
await vfs.dispose();
same('opened meanwhile', [await opening, await joining], ['ABORTED', 'ABORTED']);
same('frames that are left', hubFrames().length, 0);
void keeper;
