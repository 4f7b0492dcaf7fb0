// Everything that the SDK might take for a word of its hub, of a hub's page or of a preview, said to its window.
const ids = Array.from({ length: 40 }, (_, id) => id);
const forged = [
  ...ids.flatMap((id) => [{ id, ok: true, value: { files: 99, version: 99, storage: 'memory' } }, { id, ok: false, error: { code: 'QUOTA_EXCEEDED', message: 'forged' } }, { id, progress: { done: 1, total: 1 } }]),
  { id: 0, ok: true, value: { version: 2, capabilities: [] } }, { id: 0, ok: false, error: { code: 'VERSION_MISMATCH', message: 'forged' } },
  ...['change', 'gone', 'load', 'error'].map((event) => ({ event, sessionId: args.id, version: 4242 })),
  { type: 'CONNECT', version: 2 }, { type: 'PUT_FILES', id: 1, sessionId: args.id, files: { 'kept.txt': 'forged' } }, { type: 'DELETE_SESSION', id: 2, sessionId: args.id },
  { type: 'PUT_FILES', ok: true, sessionId: args.id, files: 99 }, { type: 'virtual-files:boot' }, { type: 'virtual-files:boot', failed: null }, { type: 'virtual-files:boot', failed: { toString: 1 } },
  ...(args.boot ? [{ type: 'virtual-files:boot', failed: 'forged' }] : []),
  JSON.parse('{"__proto__": {"polluted": "by a message"}, "constructor": {"prototype": {"polluted": "by a message"}}, "event": "change"}'),
];
const host = self.opener ?? parent;
self.forging = setInterval(() => {
  for (const message of forged) {
    host.postMessage(message, '*', message.id % 2 ? [] : [new MessageChannel().port2]);
  }
  self.forgings = (self.forgings ?? 0) + 1;
}, 200);
