const hub = await hubAt(args.origin);
const line = connection(hub, args.origin);
const hello = await line.answer(0);
same('the handshake', hello, { id: 0, ok: true, value: { version: 2, capabilities: { serviceWorker: true, indexedDB: true } } });
const other = connection(hub, args.origin, { version: 3 });
same('another version', codeOf(await other.answer(0)), 'VERSION_MISMATCH');
same('no version', codeOf(await connection(hub, args.origin, {}).answer(0)), 'INVALID_MESSAGE');
same('a version that is none', codeOf(await connection(hub, args.origin, { version: 'one' }).answer(0)), 'INVALID_MESSAGE');
// Who was refused is not listened to.
other.port.postMessage({ id: 1, type: 'ESTIMATE' });
await line.settle();
same('what a refused port is told', other.heard.length, 1);
// A second connection beside the first: both are answered, each on its own port.
const second = await connected(hub, args.origin);
same('on the second', codeOf(await second.ask({ type: 'ESTIMATE' })), 'ok');
same('on the first', codeOf(await line.ask({ type: 'ESTIMATE' })), 'ok');
same('one handshake each', [line.answers(0).length, second.answers(0).length], [1, 1]);
// Noise is nobody's request.
for (const noise of [null, 1, 'CONNECT', [], { type: 'OTHER' }, { type: 'LIST_FILES', id: 5, sessionId: args.session }]) hub.contentWindow.postMessage(noise, args.origin);
let bare = 0;
addEventListener('message', (event) => { bare += event.source === hub.contentWindow; });
await line.settle();
same('answers to noise', bare, 0);
