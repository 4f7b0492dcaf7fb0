const hub = await hubAt(args.origin);
const line = await connected(hub, args.origin);
const bytes = new Uint8Array([0, 255, 128, 10, 13, 0xf0, 0x9f, 0x8e, 0x89]);
const around = new Uint8Array(20);
around.set(bytes, 6);
const numbers = new Uint16Array([1, 2, 65535]);
const contents = {
  'text.txt': ['Привет 🎉\0', new TextEncoder().encode('Привет 🎉\0')],
  'empty.txt': ['', new Uint8Array()],
  'buffer.bin': [bytes.slice().buffer, bytes],
  'view.bin': [around.subarray(6, 15), bytes],
  'data-view.bin': [new DataView(around.buffer, 6, 9), bytes],
  'numbers.bin': [numbers, new Uint8Array(numbers.buffer)],
  'blob.bin': [new Blob([bytes], { type: 'application/x-blob' }), bytes],
  'file.bin': [new File(['x', bytes.subarray(0, 2)], 'other-name.txt', { lastModified: 1700000000000 }), new Uint8Array([120, 0, 255])],
  'slice.bin': [new Blob([around]).slice(6, 15), bytes],
};
const plain = Object.fromEntries(Object.entries(contents).map(([path, [content]]) => [path, content]));
const forms = {
  object: plain,
  map: new Map(Object.entries(plain)),
  array: Object.entries(plain).map(([path, content]) => ({ path, content })),
};
for (const [form, files] of Object.entries(forms)) {
  for (const way of ['port', 'bare']) {
    const what = `${form} by ${way}`;
    let answer;
    if (way === 'port') answer = await line.ask(put(files, { mode: 'replace' }));
    else {
      const told = once(window, 'message', (event) => event.source === hub.contentWindow);
      hub.contentWindow.postMessage(put(files, { mode: 'replace', id: 77 }), args.origin);
      const event = await within(told, what);
      same(`${what}: who answers, and to what`, [event.origin, event.data.type, event.data.id, event.data.sessionId], [args.origin, 'PUT_FILES', 77, args.session]);
      answer = event.data;
    }
    same(what, [codeOf(answer), answer.value?.files], ['ok', Object.keys(contents).length]);
    for (const [path, [, wanted]] of Object.entries(contents)) same(`${what}: ${path}`, await bytesOf(line, path), Array.from(wanted));
  }
}
const described = await line.ask(put([{ path: '/own/type.txt', content: 'x', type: 'text/x-own', modified: 1600000000000 }, { path: './guess.css', content: 'x' }]));
same('type, time, and a path with something in front', codeOf(described), 'ok');
const stat = async (path) => (await line.ask({ type: 'STAT', sessionId: args.session, path })).value;
same('as given', [(await stat('own/type.txt')).type, (await stat('own/type.txt')).modified], ['text/x-own; charset=utf-8', 1600000000000]);
same('as guessed', (await stat('guess.css')).type, 'text/css; charset=utf-8');
same('a File has a time of its own', (await stat('file.bin')).modified, 1700000000000);
