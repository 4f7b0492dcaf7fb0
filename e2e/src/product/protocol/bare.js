const hub = await hubAt(args.origin);
const told = [];
addEventListener('message', (event) => event.source === hub.contentWindow && told.push(event.data));
const next = (what, accept = () => true) => within(once(window, 'message', (event) => event.source === hub.contentWindow && accept(event.data)), what);
const bare = (message) => hub.contentWindow.postMessage(message, args.origin);
let answer = next('the first answer');
bare({ type: 'PUT_FILES', sessionId: args.session, files: { 'index.html': '<title>bare</title>' }, options: { topLevel: true } });
const first = (await answer).data;
same('a put without a handshake', [first.type, first.sessionId, first.ok, first.value.files, first.value.storage], ['PUT_FILES', args.session, true, 1, 'indexeddb']);
answer = next('the refusal');
bare({ type: 'PUT_FILES', id: 5, sessionId: 'NOT ONE', files: { a: 'x' } });
same('a refusal', [(await answer).data.id, codeOf((await answer).data), (await answer).data.sessionId], [5, 'INVALID_SESSION', 'NOT ONE']);
answer = next('the refusal of a path');
bare({ type: 'PUT_FILES', id: 6, sessionId: args.session, files: { '../a': 'x' } });
same('a path', codeOf((await answer).data), 'INVALID_PATH');
// Nothing else goes without a handshake.
for (const type of ['LIST_FILES', 'READ_FILE', 'DELETE_SESSION', 'LIST_SESSIONS', 'ESTIMATE', 'WAKE', 'ABORT', 'STAT', 'SUBSCRIBE', 'DELETE_FILES']) bare({ type, id: 9, sessionId: args.session, path: 'index.html', paths: ['index.html'] });
answer = next('the last answer', (data) => data.id === 10);
bare({ type: 'PUT_FILES', id: 10, sessionId: args.session, files: {} });
await answer;
const line = await connected(hub, args.origin);
await line.settle();
same('one answer to each put, none to anything else', told.map((data) => data.id), [0, 5, 6, 10]);
same('nothing was deleted', (await line.ask({ type: 'LIST_FILES', sessionId: args.session })).value.files.map((file) => file.path), ['index.html']);
// Seen by the next request.
const frame = Object.assign(document.createElement('iframe'), { src: `${args.origin}/${args.session}/`, id: 'bare' });
const loaded = once(frame, 'load');
document.body.append(frame);
await within(loaded, 'the page that was put');
