for (const [path, type] of [
  ['index.html', 'text/html; charset=utf-8'], ['t.js', 'text/javascript; charset=utf-8'], ['t.mjs', 'text/javascript; charset=utf-8'],
  ['t.css', 'text/css; charset=utf-8'], ['t.json', 'application/json; charset=utf-8'], ['t.svg', 'image/svg+xml; charset=utf-8'],
  ['t.txt', 'text/plain; charset=utf-8'], ['T.HTML', 'text/html; charset=utf-8'], ['t.wasm', 'application/wasm'], ['t.png', 'image/png'],
  ['t.woff2', 'font/woff2'], ['t.mp4', 'video/mp4'], ['t.webm', 'video/webm'], ['t.pdf', 'application/pdf'],
  ['t.unknown', 'application/octet-stream'], ['LICENSE', 'application/octet-stream'],
  ['own.js', 'application/x-own'], ['own.txt', 'text/x-own; charset=utf-8'], ['own2.txt', 'text/plain; charset=iso-8859-5'],
]) {
  const answer = await ask(path);
  same(path, [answer.status, header(answer, 'content-type'), header(answer, 'x-content-type-options')], [200, type, 'nosniff']);
  same(`${path}: length`, Number(header(answer, 'content-length')), (await answer.arrayBuffer()).byteLength);
}
same('a charset that was given', await (await fetch('own2.txt')).arrayBuffer().then((bytes) => new TextDecoder('iso-8859-5').decode(bytes)), 'Привет');
// `nosniff` in effect: a script of another type does not run, and a document in Cyrillic letters is read as UTF-8.
const refused = document.createElement('script');
refused.src = 't.txt';
const failed = once(refused, 'error');
document.body.append(refused);
await within(failed, 'the refusal of a text as script');
same('not run', self.ran, undefined);
same('UTF-8 without a meta element', (await frameAt('bare.html')).text, 'Привет, 世界');
