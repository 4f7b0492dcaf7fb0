// Keeps a slice of a Blob that came from the database, deletes the record, has the space used again, reads the slice.
// Gives `refused` where the database takes no Blob at all.
const asked = (request) => within(new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
}), 'the database');
const done = (transaction) => within(new Promise((resolve, reject) => {
  transaction.oncomplete = () => resolve();
  transaction.onabort = () => reject(transaction.error);
}), 'the transaction');
const open = indexedDB.open('slices', 1);
open.onupgradeneeded = () => open.result.createObjectStore('packs');
const database = await asked(open);
const bytes = new Uint8Array(4 << 20);
for (let start = 0; start < bytes.length; start += 65536) crypto.getRandomValues(bytes.subarray(start, start + 65536));
const write = (action) => {
  const transaction = database.transaction('packs', 'readwrite');
  action(transaction.objectStore('packs'));
  return done(transaction);
};
await write((packs) => packs.put(bytes.slice(0, 1000), 0));
try {
  await write((packs) => packs.put(new Blob([bytes]), 1));
} catch (error) {
  return { refused: error.name };
}
const stored = await asked(database.transaction('packs').objectStore('packs').get(1));
const slice = stored.slice(1000, 3000000, 'text/plain');
const wanted = await sha256(bytes.slice(1000, 3000000));
await write((packs) => packs.delete(1));
// More writes than the deleted record had bytes, so that the space would be used again if it were free.
for (let key = 2; key < 6; key += 1) await write((packs) => packs.put(new Blob([new Uint8Array(4 << 20)]), key));
database.close();
const found = await sha256(slice);
database.close();
const after = await sha256(await new Response(slice).blob());
return { same: found === wanted && after === wanted, found, after, wanted };
