const hub = await hubAt(args.origin);
const line = await connected(hub, args.origin);
const sessionId = args.session;
await line.ask(put({ 'kept.txt': 'before' }));
for (const storage of ['stored', 'packed']) {
  const content = storage === 'stored' ? 'after' : new Blob([new Uint8Array(5 << 20)]);
  const id = line.send(put({ 'kept.txt': content, 'new.txt': 'x' }));
  line.port.postMessage({ id, type: 'ABORT' });
  same('a put that was given up', codeOf(await line.answer(id)), 'ABORTED');
  await line.settle();
  same('one answer', line.answers(id).length, 1);
}
same('nothing has changed', [(await line.ask({ type: 'LIST_FILES', sessionId })).value.files.map((file) => file.path), await (await line.ask({ type: 'READ_FILE', sessionId, path: 'kept.txt' })).value.file.text()], [['kept.txt'], 'before']);
// Too late, and for nothing: no answer of its own, and what is done stays.
const id = line.send(put({ 'kept.txt': 'after' }));
same('a put', codeOf(await line.answer(id)), 'ok');
line.port.postMessage({ id, type: 'ABORT' });
line.port.postMessage({ id: 123456, type: 'ABORT' });
await line.settle();
same('answers to an ABORT that came late, or for nothing', [line.answers(id).length, line.answers(123456).length], [1, 0]);
same('what is done stays', await (await line.ask({ type: 'READ_FILE', sessionId, path: 'kept.txt' })).value.file.text(), 'after');
