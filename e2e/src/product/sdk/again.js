// A put sends what is new to the session as the last put left it, and all of it where somebody else has changed it since.
const puts = [];
meddle = (message) => {
  if (message.type !== 'PUT_FILES') return;
  puts.push([message.packs.reduce((bytes, pack) => bytes + pack.size, 0), message.paths?.length ?? 0, 'ifVersion' in message]);
};
/** What a put sent: for each message the bytes, how many paths to delete, and whether under a condition. */
const sends = async (files, options) => {
  puts.length = 0;
  const done = await within(session.put(files, options), 'a put');
  return [[...puts], done.files];
};
const replace = { mode: 'replace' };
const random = (length) => crypto.getRandomValues(new Uint8Array(length));
/** The session has these files, byte by byte, and no others. */
const isWhole = async (what, files) => {
  same(`${what}: names`, (await session.list()).map(({ path }) => path), [...files.keys()].sort());
  for (const [path, content] of files) {
    same(`${what}: ${path}`, await sha256(await session.read(path)), await sha256(new Blob([content])));
  }
};

const vfs = await connect({ origin: args.origin });
const session = await vfs.session(args.options);
const files = new Map();
for (let n = 0; n < 300; n += 1) files.set(`folder-${n % 7}/file-${n}.bin`, random(100 + n));
files.set('text.txt', 'Привет').set('blob.bin', new Blob([random(5000)])).set('own', new File([random(50)], 'x', { lastModified: 1700000000000 }));
const all = [...files.values()].reduce((bytes, content) => bytes + (content.size ?? content.length), 0) + 6;

same('at first', await sends(files), [[[all, 0, false]], 303]);
const first = (await session.stat('text.txt')).modified;
same('the same', await sends(files, replace), [[[0, 0, true]], 303]);
same('the same, added', await sends(files), [[[0, 0, true]], 303]);
same('the time stays', (await session.stat('text.txt')).modified, first);
await isWhole('the same', files);

files.get('folder-3/file-3.bin')[7] ^= 1;
same('a byte of one', await sends(files, replace), [[[103, 0, true]], 303]);
files.delete('folder-4/file-4.bin');
files.delete('folder-6/file-20.bin');
files.set('new.txt', 'new').set('a-new.txt', 'first');
same('two less, two more', await sends(files, replace), [[[8, 2, true]], 303]);
await isWhole('two less, two more', files);
files.set('text.txt', 'other');
same('only what is new', await sends({ 'text.txt': 'other' }), [[[5, 0, true]], 303]);
same('and all of it', await sends(files, replace), [[[0, 0, true]], 303]);
await isWhole('only what is new', files);

const entries = () => [...files].map(([path, content]) => ({ path, content }));
const [typed, timed] = [entries(), entries()];
typed.find(({ path }) => path === 'new.txt').type = 'text/x-own';
same('another type', await sends(typed, replace), [[[3, 0, true]], 303]);
same('is served', (await session.stat('new.txt')).type, 'text/x-own; charset=utf-8');
same('the type that it was', await sends(files, replace), [[[3, 0, true]], 303]);
timed.find(({ path }) => path === 'new.txt').modified = 1600000000000;
same('another time', await sends(timed, replace), [[[3, 0, true]], 303]);
same('the same time', await sends(timed, replace), [[[0, 0, true]], 303]);

same('deleted', (await session.delete(['text.txt', 'a-new.txt', 'not there'])).deleted, 2);
same('put again', await sends(files, replace), [[[10, 0, true]], 303]);
const preview = await session.mount(stage, { html: '<!doctype html><title>x</title>' });
same('beside a document of a preview', await sends(files, replace), [[[0, 0, true]], 304]);
preview.dispose();
const documents = () => session.list('.vf-').then(({ length }) => length);
for (let tries = 0; await documents() && tries < 100; tries += 1) await sleep(20);
same('after it', await sends(files, replace), [[[0, 0, true]], 303]);

// Somebody else: another connection, and one that deletes the session.
const other = await (await connect({ origin: args.origin })).session(args.options);
await other.put({ 'theirs.txt': 'theirs', 'text.txt': 'theirs' });
const now = [...files.values()].reduce((bytes, content) => bytes + (content.size ?? content.length), 0);
same('over what somebody else has put', await sends(files, replace), [[[0, 0, true], [now, 0, false]], 303]);
await isWhole('over what somebody else has put', files);
await other.delete('text.txt');
const text = { 'text.txt': 'other' };
same('beside what somebody else has deleted', await sends(text), [[[0, 0, true], [5, 0, false]], 303]);
same('what the others are is not known', await sends(files, replace), [[[now, 0, false]], 303]);
await other.clear();
same('what somebody else has deleted', await sends(files), [[[0, 0, true], [now, 0, false]], 303]);
await isWhole('what somebody else has deleted', files);
await other.clear();
same('a delete of what is gone', (await session.delete('text.txt')).deleted, 0);
same('from nothing', await sends(files), [[[now, 0, false]], 303]);
await session.clear();
same('cleared', await sends(files), [[[now, 0, false]], 303]);

// What fails leaves nothing known, and changes nothing.
const twice = [['new.txt', '1'], ['new.txt', '2']];
same('one path twice', await refusal(session.put(twice, replace)), 'INVALID_PATH');
await isWhole('one path twice', files);
same('after what has failed', await sends(files, replace), [[[now, 0, false]], 303]);
same('given up', await refusal(session.put(files, { signal: AbortSignal.abort() })), 'ABORTED');
same('after what was given up', await sends(files, replace), [[[0, 0, true]], 303]);
await isWhole('at last', files);

// A file that has a pack by itself lies beside the pack that smaller ones go on to fill. It is sent each time.
const filled = (length, byte) => new Uint8Array(length).fill(byte);
const mixed = new Map([['z', random(100)], ['m.bin', filled(5 << 20, 1)], ['a', random(200)]]);
await session.put(mixed, replace);
await isWhole('a large one between', mixed);
for (const [what, path, content, sent] of [
  ['the large one', 'm.bin', filled(5 << 20, 2), 5 << 20], ['one more', 'y', random(50), (5 << 20) + 50], ['the last', 'z', random(60), (5 << 20) + 60],
  ['the large one, small', 'm.bin', filled(1 << 20, 3), 1 << 20], ['the small one, large', 'm.bin', filled((4 << 20) + 1, 4), (4 << 20) + 1],
  ['the first', 'a', random(70), (4 << 20) + 71],
]) {
  mixed.set(path, content);
  same(what, (await sends(mixed, replace))[0], [[sent, 0, true]]);
  await isWhole(what, mixed);
}
await session.put(files, replace);

// Many versions, compacted meanwhile: what is stored anew is no change.
for (let n = 0; n < 40; n += 1) {
  files.set('new.txt', `version ${n}`);
  same(`version ${n}`, (await sends(files, replace))[0], [[files.get('new.txt').length, 0, true]]);
}
await isWhole('after many', files);
