// Damages what IndexedDB holds of files that the worker has not read yet, as a disk might.
const open = indexedDB.open('virtual-files');
await within(once(open, 'success'), 'the database');
const database = open.result;
const packs = database.transaction('packs', 'readwrite').objectStore('packs');
const keys = packs.getAllKeys();
await within(once(keys, 'success'), 'the keys');
const own = keys.result.filter(([session]) => session === args.session);
same('packs: one of small files, one for each large one', own.length, 3);
// In the order of the paths.
const [, goner, shorter] = own;
const kept = packs.get(shorter);
await within(once(kept, 'success'), 'a pack');
const short = kept.result instanceof Blob ? new Blob(['short']) : new Uint8Array(5).buffer;
packs.put(short, shorter);
packs.delete(goner);
await within(once(packs.transaction, 'complete'), 'the damage');
database.close();
const failed = await ask('short.bin');
await isPage('a pack that is too short', failed, 500, 'Something went wrong', 'INTERNAL');
const gone = await ask('gone.bin');
same('when to try again', header(gone, 'retry-after'), '1');
await isPage('a pack that is gone', gone, 503, 'Not available right now', 'STORAGE_UNAVAILABLE');
same('in a frame', (await frameAt('gone.bin')).title, 'Not available right now');
same('the rest is served', await textOf(await ask('a.txt')), [200, 'the letter a']);
