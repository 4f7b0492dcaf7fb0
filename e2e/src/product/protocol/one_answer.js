const hub = await hubAt(args.origin);
const line = await connected(hub, args.origin);
const sessionId = args.session;
const first = await line.ask(put({ 'a.txt': 'one', 'dir/b.txt': 'two' }));
same('put', [first.ok, Object.keys(first.value).sort()], [true, ['bytes', 'files', 'storage', 'version']]);
same('put: numbers', [first.value.files, first.value.bytes, first.value.storage], [2, 6, 'indexeddb']);
const known = { path: 'a.txt', size: 3, type: 'text/plain; charset=utf-8' };
const stat = (await line.ask({ type: 'STAT', sessionId, path: 'a.txt' })).value;
same('stat', { path: stat.path, size: stat.size, type: stat.type }, known);
holds('stat: tag and time', /^[0-9a-f]{32}$/.test(stat.etag) && Math.abs(stat.modified - Date.now()) < 60000, stat);
same('list', (await line.ask({ type: 'LIST_FILES', sessionId })).value, { version: first.value.version, files: [stat, { ...stat, path: 'dir/b.txt', etag: (await line.ask({ type: 'STAT', sessionId, path: 'dir/b.txt' })).value.etag }] });
same('list below a prefix', (await line.ask({ type: 'LIST_FILES', sessionId, prefix: 'dir/' })).value.files.map((file) => file.path), ['dir/b.txt']);
const read = (await line.ask({ type: 'READ_FILE', sessionId, path: 'a.txt' })).value;
same('read', [read.path, read.size, read.file instanceof Blob, await read.file.text(), read.file.type], ['a.txt', 3, true, 'one', 'text/plain; charset=utf-8']);
const deleted = (await line.ask({ type: 'DELETE_FILES', sessionId, paths: ['a.txt', 'not/there.txt'] })).value;
same('delete', [deleted.deleted, deleted.version > first.value.version], [1, true]);
const replaced = (await line.ask(put({ 'c.txt': 'three' }, { mode: 'replace' }))).value;
same('replace', [replaced.files, replaced.bytes, replaced.version > deleted.version], [1, 5, true]);
same('subscribe', (await line.ask({ type: 'SUBSCRIBE', sessionId })).value, {});
const estimate = (await line.ask({ type: 'ESTIMATE' })).value;
same('estimate', [Object.keys(estimate).sort(), Object.keys(estimate.worker).sort()],
  [['persisted', 'quota', 'usage', 'worker'], ['bytes', 'files', 'hits', 'misses', 'sessions', 'started', 'state']]);
same('the worker', [estimate.worker.state, typeof estimate.worker.hits, estimate.worker.started <= Date.now()], ['activated', 'number', true]);
const sessions = (await line.ask({ type: 'LIST_SESSIONS' })).value.sessions.filter((session) => session.id === sessionId);
same('sessions', sessions.map(({ id, version, files, bytes, storage }) => ({ id, version, files, bytes, storage })), [{ id: sessionId, version: replaced.version, files: 1, bytes: 5, storage: 'indexeddb' }]);
holds('sessions: times', sessions[0]?.created <= sessions[0]?.used && sessions[0]?.used <= Date.now(), sessions[0]);
same('wake', (await line.ask({ type: 'WAKE' })).value, {});
same('delete the session', (await line.ask({ type: 'DELETE_SESSION', sessionId })).value, { deleted: true });
same('and again', (await line.ask({ type: 'DELETE_SESSION', sessionId })).value, { deleted: false });
same('what is not there', (await line.ask({ type: 'LIST_FILES', sessionId })).value, { version: 0, files: [] });
same('nothing to delete', (await line.ask({ type: 'DELETE_FILES', sessionId, paths: ['x'] })).value, { version: 0, deleted: 0 });

// Many at once, right and wrong ones mixed: one answer each.
const sent = [];
for (let round = 0; round < 20; round += 1) {
  sent.push(line.send(put({ [`f${round}.txt`]: `${round}` })), line.send({ type: 'STAT', sessionId, path: 'none' }), line.send({ type: 'LIST_FILES', sessionId }),
    line.send({ type: 'NONSENSE' }), line.send({ type: 'READ_FILE', sessionId: 'NO SESSION', path: 'x' }), line.send({ type: 'ESTIMATE' }), line.send({ type: 'LIST_SESSIONS' }));
}
await Promise.all(sent.map((id) => line.answer(id)));
await line.settle();
same('answers to many requests at once', sent.filter((id) => line.answers(id).length !== 1), []);
same('all puts are in', (await line.ask({ type: 'LIST_FILES', sessionId })).value.files.length, 20);
same('all answers of this connection', Array.from({ length: line.last }, (_, i) => line.answers(i + 1).length).filter((count) => count !== 1), []);

// Progress comes before the answer, and never more than there is.
const large = line.send(put({ 'large.bin': new Blob([new Uint8Array(9 << 20)]), 'small.bin': 'x' }));
await line.answer(large);
await line.settle();
const about = line.heard.filter((data) => data.id === large);
same('the answer is the last word', about.map((data) => 'ok' in data), [...about.slice(1).map(() => false), true]);
const steps = about.slice(0, -1).map((data) => data.progress);
holds('progress', steps.length > 0 && steps.every(({ done, total }, i) => total === (9 << 20) + 1 && done <= total && done >= (steps[i - 1]?.done ?? 0)), steps);

// Messages that are none are answered as well, under the id that they have, if any.
const before = line.heard.length;
for (const bad of [null, 7, 'text', [], {}, { type: 'ESTIMATE' }, { id: 0, type: 'ESTIMATE' }, { id: 'x', type: 'ESTIMATE' }]) line.port.postMessage(bad);
line.port.postMessage({ id: 4000000000, type: 'STAT', sessionId, path: 5 });
await line.answer(4000000000);
await line.settle();
const odd = line.heard.slice(before).filter((data) => data.id === 0 || data.id === 4000000000);
same('answers to what is no request', odd.map(codeOf), Array(9).fill('INVALID_MESSAGE'));
// An id that is in use names no second request.
line.port.postMessage({ id: 900, ...put({ 'x.txt': 'x' }) });
line.port.postMessage({ id: 900, type: 'ESTIMATE' });
await line.hear((data) => data.id === 900 && data.ok, 'the put');
await line.settle();
same('an id that is in use', line.answers(900).map(codeOf).sort(), ['INVALID_MESSAGE', 'ok']);
