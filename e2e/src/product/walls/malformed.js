// A host that the hub listens to, and that talks nonsense. Every request must be answered once, and nothing else.
const origin = new URL(args.url).origin;
const frame = document.body.appendChild(document.createElement('iframe'));
const loaded = once(frame, 'load');
frame.src = `${origin}/hub.html`;
await within(loaded, 'the hub');
const hub = frame.contentWindow;

const shakeHands = async (message) => {
  const { port1, port2 } = new MessageChannel();
  const heard = [];
  const first = new Promise((resolve) => { port1.onmessage = ({ data }) => { heard.push(data); resolve(data); }; });
  hub.postMessage(message, origin, [port2]);
  return { port: port1, heard, first };
};

// Handshakes of other versions are refused; what is no message of ours is not answered, and does no harm.
for (const version of [0, 1, 3, 1e9, -1, 1.5, '1', null, undefined, {}, NaN]) {
  const { first } = await shakeHands({ type: 'CONNECT', version });
  const { ok, error } = await within(first, `the answer to a handshake of version ${String(version)}`);
  check(!ok && /VERSION_MISMATCH|INVALID_MESSAGE/.test(error.code), `version ${String(version)}: ${JSON.stringify(error)}`);
}
const cyclic = { type: 'NOTHING' };
cyclic.self = cyclic;
let deep = {};
for (let n = 0; n < 300; n += 1) deep = { deep };
// So deep that an engine may fail to read it back, which leaves no id to answer by.
let deeper = {};
for (let n = 0; n < (args.small ? 300 : 3000); n += 1) deeper = { deeper };
const detached = new ArrayBuffer(8);
new MessageChannel().port1.postMessage(0, [detached]);
// The browser itself lets nobody send what is detached.
check(!/^resolved/.test(await codeOf((async () => hub.postMessage(detached, origin))())), 'a detached buffer was sent');
const noise = [null, undefined, 0, '', 'CONNECT', [], {}, { type: 1 }, { type: null }, { type: {} }, { type: 'connect' }, cyclic, { deep }, { deeper },
  new Date(NaN), new Map([['type', 'CONNECT']]), new Uint8Array(1 << 20), /x/, new Blob(['x']), { type: 'x'.repeat(1 << 22) }, 10n, [['type', 'CONNECT']]];
for (const message of noise) hub.postMessage(message, origin);

const { port, heard, first } = await shakeHands({ type: 'CONNECT', version: 2 });
const hello = await within(first, 'the handshake');
check(hello.ok && hello.id === 0 && hello.value.version === 2, `the handshake: ${JSON.stringify(hello)}`);
heard.length = 0;

const id = args.options.id;
const bad = [
  {}, { type: 1 }, { type: '' }, { type: 'NOPE', sessionId: id }, { type: 'CONSTRUCTOR' }, { type: '__proto__' }, { type: ['PUT_FILES'], sessionId: id },
  { type: 'PUT_FILES' }, { type: 'PUT_FILES', sessionId: 1, files: {} }, { type: 'PUT_FILES', sessionId: 'Not An Id', files: {} },
  { type: 'PUT_FILES', sessionId: id, files: null }, { type: 'PUT_FILES', sessionId: id, files: 5 }, { type: 'PUT_FILES', sessionId: id, files: 'text' },
  { type: 'PUT_FILES', sessionId: id, files: { 'a.txt': 5 } }, { type: 'PUT_FILES', sessionId: id, files: { 'a.txt': null } },
  { type: 'PUT_FILES', sessionId: id, files: { 'a.txt': { content: 1 } } }, { type: 'PUT_FILES', sessionId: id, files: { '../a.txt': 'x' } },
  { type: 'PUT_FILES', sessionId: id, files: [{}] }, { type: 'PUT_FILES', sessionId: id, files: [null, 1, 'x'] }, { type: 'PUT_FILES', sessionId: id, files: [{ path: {}, content: 'x' }] },
  { type: 'PUT_FILES', sessionId: id, files: [{ path: 'a', content: 'x' }, { path: 'a', content: 'y' }] },
  { type: 'PUT_FILES', sessionId: id, files: { a: 'x' }, mode: 'destroy' }, { type: 'PUT_FILES', sessionId: id, files: { a: 'x' }, storage: 'floppy' },
  { type: 'PUT_FILES', sessionId: id, files: { a: 'x' }, options: 5 }, { type: 'PUT_FILES', sessionId: id, files: { a: 'x' }, options: { network: ["https://a; script-src *"] } },
  { type: 'PUT_FILES', sessionId: id, files: { a: 'x' }, options: { spa: '../../x' } }, { type: 'PUT_FILES', sessionId: id, files: { a: 'x' }, options: { topLevel: 'yes' } },
  { type: 'PUT_FILES', sessionId: id, packs: [], index: 'x' }, { type: 'PUT_FILES', sessionId: id, packs: [1], index: new Uint8Array(3) },
  { type: 'PUT_FILES', sessionId: id, packs: [new Blob(['x'])], index: new Uint8Array([255, 255, 255, 255, 255, 255, 255]) },
  { type: 'PUT_FILES', sessionId: id, packs: [new Blob(['x'])] }, { type: 'PUT_FILES', sessionId: id, packs: [new Blob(['x'])], index: new Uint8Array(1 << 20).fill(0xff) },
  { type: 'DELETE_FILES', sessionId: id }, { type: 'DELETE_FILES', sessionId: id, paths: 'a' }, { type: 'DELETE_FILES', sessionId: id, paths: [1] }, { type: 'DELETE_FILES', sessionId: id, paths: ['../a'] },
  { type: 'READ_FILE', sessionId: id }, { type: 'READ_FILE', sessionId: id, path: 5 }, { type: 'READ_FILE', sessionId: id, path: 'x'.repeat(1 << 20) }, { type: 'READ_FILE', sessionId: id, path: '\u0000' },
  { type: 'STAT', sessionId: id, path: '..' }, { type: 'LIST_FILES', sessionId: id, prefix: 5 }, { type: 'LIST_FILES', sessionId: {} }, { type: 'SUBSCRIBE' }, { type: 'DELETE_SESSION', sessionId: 'x'.repeat(100) },
  { type: 'DELETE_SESSION' }, { type: 'STAT', sessionId: id, path: 'kept.txt', self: cyclic }, { type: 'LIST_FILES', sessionId: '-', prefix: { deep } },
];
// The last but two are nonsense around a request that is right: those two may succeed.
const start = 1000;
bad.forEach((message, place) => port.postMessage({ ...message, id: start + place }));
const done = async (count) => {
  port.postMessage({ type: 'STAT', sessionId: id, path: 'kept.txt', id: 1 });
  const limit = performance.now() + 30000;
  while (heard.filter((answer) => !answer.progress).length < count) {
    check(performance.now() < limit, `${heard.length} answers of ${count}: ${JSON.stringify(heard.map((answer) => answer.id))}`);
    await new Promise((resolve) => { const turn = new MessageChannel(); turn.port1.onmessage = resolve; turn.port2.postMessage(0); });
  }
};
await done(bad.length + 1);
const answers = heard.filter((answer) => !answer.progress);
const ids = answers.map((answer) => answer.id).sort((a, b) => a - b);
same(ids, [1, ...Array.from({ length: bad.length }, (_, n) => start + n)], 'one answer each');
for (const answer of answers) {
  const message = bad[answer.id - start];
  const right = answer.id === 1 || message?.self === cyclic;
  check(right || (answer.ok === false && /^INVALID_/.test(answer.error.code)), `${JSON.stringify(message ?? answer.id, (key, value) => (value === cyclic ? 'cyclic' : value))?.slice(0, 200)} was answered ${JSON.stringify(answer).slice(0, 300)}`);
}
check(answers.find((answer) => answer.id === 1).ok, 'a right request among the wrong ones');

// Ids that are none, and one id twice.
heard.length = 0;
for (const wrong of [undefined, null, 0, -1, 1.5, NaN, Infinity, 2 ** 32, 2 ** 53, 'x', {}, []]) port.postMessage({ type: 'STAT', sessionId: id, path: 'kept.txt', id: wrong });
port.postMessage({ type: 'STAT', sessionId: id, path: 'kept.txt', id: 50 });
port.postMessage({ type: 'STAT', sessionId: id, path: 'kept.txt', id: 50 });
await done(12 + 2 + 1);
same(heard.filter((answer) => answer.id === 50).length, 2, 'answers for an id that was used twice');

// Noise on the port: answered or not, it goes on.
heard.length = 0;
for (const message of noise) port.postMessage(message);
port.postMessage({ id: 60, type: 'ABORT' });
port.postMessage({ id: 4294967295, type: 'STAT', sessionId: id, path: 'kept.txt' });
port.postMessage({ id: 61, type: 'LIST_FILES', sessionId: id });
const last = await within(new Promise((resolve) => { port.onmessage = ({ data }) => { if (data.id === 61) resolve(data); }; }), 'an answer after the noise');
same(last.value.files.map(({ path }) => path).filter((path) => !/^a$/.test(path)), ['kept.txt', 'probe.html'], 'files at the end');
frame.remove();
