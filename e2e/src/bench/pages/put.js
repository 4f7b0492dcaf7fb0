// Puts of large bundles: by the SDK, and by hand into a database of the host page's own.

/** Files of random bytes, each of its own buffer; the same again for the same seed. */
let drawn = {};
const draw = ({ seed, count, size }) => {
  if (drawn.key !== `${seed} ${count} ${size}`) {
    const words = new Uint32Array(size >> 2);
    let state = seed * 2654435761 >>> 0 || 1;
    const files = new Map();
    for (let file = 0; file < count; file += 1) {
      for (let word = 0; word < words.length; word += 1) {
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        words[word] = state;
      }
      // The only file needs no copy.
      files.set(`folder-${file % 37}/file-${file}.bin`, new Uint8Array(count === 1 ? words.buffer : words.buffer.slice(0)));
    }
    drawn = { key: `${seed} ${count} ${size}`, files };
  }
  return drawn.files;
};

/** One in a hundred of the files, with other bytes. */
const changed = (files, first) => {
  const some = [...files].filter((_, place) => place % 100 === first);
  return new Map(some.map(([path, bytes]) => [path, bytes.map((byte) => byte ^ 255)]));
};

/** Puts into a fresh session: all; where there are many, all again with one in a hundred changed, and only what is changed. */
B.putOurs = async (origin, id, given) => {
  const files = draw(given);
  const vfs = await connect({ origin });
  const session = await within(vfs.session({ id, isolation: 'origin' }), `the session ${id}`);
  const put = async (some, options) => {
    const begun = performance.now();
    const done = await within(session.put(some, options), `a put of ${id}`, 150000);
    const taken = performance.now() - begun;
    if (done.files !== given.count || done.bytes !== given.count * given.size || done.storage !== 'indexeddb') {
      throw new Error(`${id}: ${JSON.stringify(done)}`);
    }
    return taken;
  };
  const taken = { first: await put(files) };
  if (given.count >= 100) {
    const others = new Map([...files, ...changed(files, 17)]);
    taken.again = await put(others, { mode: 'replace' });
    taken.changed = await put(changed(files, 71));
  }
  await session.clear();
  await session.dispose();
  await vfs.dispose();
  return taken;
};

/** Writes into a fresh database in one transaction; gives how long it took until that was complete. */
const write = async (entries) => {
  const name = `bare-${Math.random()}`;
  const database = await new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore('files');
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const begun = performance.now();
  const transaction = database.transaction('files', 'readwrite');
  const store = transaction.objectStore('files');
  for (const [key, value] of entries()) store.put(value, key);
  await within(new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
  }), 'a transaction', 150000);
  const taken = performance.now() - begun;
  database.close();
  await new Promise((resolve) => Object.assign(indexedDB.deleteDatabase(name), { onsuccess: resolve, onerror: resolve }));
  return taken;
};

/** The files as packs of up to 4 MB beside an index. */
B.putPacks = (given) => {
  const files = draw(given);
  return write(() => {
    const { list, blobs } = packed(files);
    return [['index', list], ...blobs.entries()];
  });
};

/** A record for each file. */
B.putRecords = (given) => {
  const files = draw(given);
  return write(() => files);
};
