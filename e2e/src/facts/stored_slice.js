// Stores parts of a Blob that came from the database, and tells how each is read back. Gives `refused` where the database
// takes no Blob at all.
const asked = (request) => within(new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
}), 'the database');
const open = indexedDB.open('stored-slices', 1);
open.onupgradeneeded = () => open.result.createObjectStore('packs');
const database = await asked(open);
const packs = (mode) => database.transaction('packs', mode).objectStore('packs');
const bytes = Uint8Array.from({ length: 100000 }, (_, at) => at % 251);
try {
  await asked(packs('readwrite').put(new Blob([bytes]), 'whole'));
} catch (error) {
  return { refused: error.name };
}
const whole = await asked(packs().get('whole'));
const slice = whole.slice(1000, 3000);
const wanted = await sha256(bytes.slice(1000, 3000));
const same = async (blob) => {
  await asked(packs('readwrite').put(blob, 'part'));
  return await sha256(await asked(packs().get('part'))) === wanted;
};
const report = { slice: await same(slice), onlyPart: await same(new Blob([slice])), twoParts: await same(new Blob([slice, new Uint8Array()])) };
database.close();
return report;
