const hub = await hubAt(args.origin);
const line = await connected(hub, args.origin);
const sessionId = args.session;
await line.ask(put({ 'a.txt': 'kept' }));
const expect = async (code, what, message) => {
  const answer = await line.ask(message);
  same(what, codeOf(answer), code);
  holds(`${what}: in words`, answer.error?.message?.length > 20, answer);
};
for (const id of ['', 'A', 'a b', '-a', 'a-', 'a.b', 'a/b', '../a', 'xn--a', 'ü', 'a'.repeat(64)]) {
  for (const message of [put({}, { sessionId: id }), { type: 'STAT', sessionId: id, path: 'a.txt' }, { type: 'DELETE_SESSION', sessionId: id }]) await expect('INVALID_SESSION', `session ${id}: ${message.type}`, message);
}
for (const message of [put({ 'a.txt': 'x' }, { sessionId: 'another' }), { type: 'LIST_FILES', sessionId: 'another' }, { type: 'SUBSCRIBE', sessionId: 'another' }, { type: 'DELETE_SESSION', sessionId: 'another' }]) {
  if (args.isolation === 'origin') await expect('INVALID_SESSION', `another session's origin: ${message.type}`, message);
}
for (const path of ['', '/', '..', '../a', 'a/../b', './../a', 'a//b', 'a/', 'a\\b', 'a\0b', 'a\nb', 'a\u007fb', 'a\u0085b', 'x'.repeat(256), 'long/'.repeat(205) + 'x', '\ud800'.repeat(300)]) {
  await expect('INVALID_PATH', `path ${JSON.stringify(path).slice(0, 20)}: put`, put(new Map([[path, 'x']])));
  await expect('INVALID_PATH', `path ${JSON.stringify(path).slice(0, 20)}: stat`, { type: 'STAT', sessionId, path });
  await expect('INVALID_PATH', `path ${JSON.stringify(path).slice(0, 20)}: delete`, { type: 'DELETE_FILES', sessionId, paths: ['a.txt', path] });
}
await expect('INVALID_PATH', 'one path twice', put([{ path: 'x.txt', content: '1' }, { path: './x.txt', content: '2' }]));
for (const [what, message] of Object.entries({
  'no such type': { type: 'put_files', sessionId }, 'no session': { type: 'STAT', path: 'a.txt' }, 'no path': { type: 'STAT', sessionId }, 'no paths': { type: 'DELETE_FILES', sessionId },
  'paths that are none': { type: 'DELETE_FILES', sessionId, paths: 'a.txt' }, 'no files': { type: 'PUT_FILES', sessionId }, 'files that are none': put(7), 'a text as files': put('a.txt'),
  'a number as content': put({ 'a.txt': 7 }), 'nothing as content': put({ 'a.txt': null }), 'an object as content': put({ 'a.txt': {} }), 'a mode': put({}, { mode: 'append' }),
  'a storage': put({}, { storage: 'disk' }), 'a network': put({}, { options: { network: 'some' } }), 'an origin': put({}, { options: { network: ['not an origin'] } }), 'options': put({}, { options: 7 }),
  'a type': put([{ path: 'a.txt', content: '', type: 'no type at all' }]), 'a type that ends the header': put([{ path: 'a.txt', content: '', type: 'text/plain\r\nX: y' }]),
  'packs without an index': put(undefined, { packs: [] }), 'an index that is none': put(undefined, { packs: [], index: new Uint8Array([255, 255, 255]) }), 'packs that are no Blobs': put(undefined, { packs: ['x'], index: new Uint8Array([0]) }),
  'a pack of no file': put(undefined, { packs: [new Blob(['x'])], index: new Uint8Array([0]) }), 'a pack that is not there': put(undefined, { packs: [], index: index(['a.txt', 0, 0, 1]) }),
  'a file outside its pack': put(undefined, { packs: [new Blob(['x'])], index: index(['a.txt', 0, 1, 1]) }),
})) await expect('INVALID_MESSAGE', what, message);
for (const message of [{ type: 'STAT', sessionId, path: 'none' }, { type: 'READ_FILE', sessionId, path: 'none' }, { type: 'READ_FILE', sessionId, path: 'a.txt/x' }]) await expect('NOT_FOUND', `what is not there: ${message.type}`, message);
await line.ask({ type: 'LIST_FILES', sessionId });
await expect('TOO_LARGE', 'a file that claims to be longer than 2 GiB', put(undefined, { packs: [new Blob(['x'])], index: index(['a.txt', 0, 0, 2 ** 31 + 1]) }));
await expect('TOO_LARGE', 'too many files', put(undefined, { packs: [new Blob([])], index: index(...Array.from({ length: 100001 }, (_, i) => [`f${i}`, 0, 0, 0])) }));
await expect('TOO_LARGE', 'too many types', put(Array.from({ length: 1025 }, (_, i) => ({ path: `t${i}`, content: '', type: `x/t${i}` }))));
same('nothing of all this was done', [(await line.ask({ type: 'LIST_FILES', sessionId })).value.files.map((file) => file.path), await (await line.ask({ type: 'READ_FILE', sessionId, path: 'a.txt' })).value.file.text()], [['a.txt'], 'kept']);
same('one answer each', Array.from({ length: line.last }, (_, i) => line.answers(i + 1).length).filter((count) => count !== 1), []);

/** The index of a packed put, as the SDK encodes it: files as [path, pack, offset, length]. */
function index(...files) {
  const bytes = [];
  const number = (value) => {
    let rest = BigInt(value);
    for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
    bytes.push(Number(rest));
  };
  const text = (value) => {
    const encoded = new TextEncoder().encode(value);
    number(encoded.length);
    bytes.push(...encoded);
  };
  number(files.length);
  for (const [path, pack, offset, length] of files) {
    text(path);
    [pack, offset, length].forEach(number);
    text('text/plain');
    bytes.push(...Array(16).fill(1));
    number(1700000000000);
  }
  return new Uint8Array(bytes);
}
