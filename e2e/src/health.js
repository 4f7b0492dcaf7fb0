// Run in a hub's frame after a failure: what of the browser still answers there.
const soon = (begin) => Promise.race([
  Promise.resolve().then(begin).catch(describe),
  new Promise((resolve) => { setTimeout(() => resolve('no answer in 3000 ms'), 3000); }),
]);
const lock = ({ name, mode, clientId }) => `${mode} ${name} (${clientId.slice(0, 8)})`;
const found = {
  locks: soon(async () => {
    const { held, pending } = await navigator.locks.query();
    return { held: held.map(lock), pending: pending.map(lock) };
  }),
  registration: soon(async () => {
    const registration = await navigator.serviceWorker.getRegistration('/');
    const states = ['installing', 'waiting', 'active'].map((name) => `${name} ${registration?.[name]?.state}`);
    return [...states, `controller ${navigator.serviceWorker.controller?.state}`].join(', ');
  }),
  // Nonsense, which the worker answers with an error.
  worker: soon(async () => {
    const { active } = await navigator.serviceWorker.getRegistration('/');
    const { port1, port2 } = new MessageChannel();
    const answer = new Promise((resolve) => { port1.onmessage = ({ data }) => resolve(data); });
    active.postMessage({}, [port2]);
    return answer;
  }),
  database: soon(async () => {
    const done = (request) => new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
      // Not to be made here.
      request.onupgradeneeded = () => request.transaction.abort();
    });
    const database = await done(indexedDB.open('virtual-files'));
    const stores = [...database.objectStoreNames];
    const counts = stores.map(async (name) => `${await done(database.transaction(name).objectStore(name).count())} ${name}`);
    const text = (await Promise.all(counts)).join(', ');
    const write = done(database.transaction(stores, 'readwrite').objectStore(stores[0]).count());
    const written = await soon(() => write.then(() => 'may be written'));
    database.close();
    return `${text}; ${written}`;
  }),
  blob: soon(async () => `${(await new Blob(['x']).arrayBuffer()).byteLength} byte read`),
  fetch: soon(async () => (await fetch('/_vf/hello', { cache: 'no-store' })).status),
};
const names = Object.keys(found);
const values = await Promise.all(Object.values(found));
return Object.fromEntries(names.map((name, place) => [name, values[place]]));
