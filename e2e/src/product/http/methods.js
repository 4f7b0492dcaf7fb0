const got = await ask('a.txt');
same('GET', [got.status, await got.text()], [200, 'the letter a']);
const head = await ask('a.txt', {}, { method: 'HEAD' });
same('HEAD', [head.status, await head.text()], [200, '']);
for (const name of ['content-length', 'content-type', 'etag', 'last-modified', 'accept-ranges', 'cache-control', 'content-security-policy']) {
  holds(`${name} is there`, header(got, name), header(got, name));
  same(`${name} of HEAD is GET's`, header(head, name), header(got, name));
}
const lost = await ask('missing.txt', {}, { method: 'HEAD' });
same('HEAD of what is not there', [lost.status, await lost.text()], [404, '']);
for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND']) {
  for (const path of ['a.txt', './', 'missing.txt']) {
    const refused = await ask(path, {}, { method, body: method === 'POST' ? 'x=1' : undefined });
    same(`${method} ${path}: Allow`, header(refused, 'allow'), 'GET, HEAD');
    await isPage(`${method} ${path}`, refused, 405, 'This can only be read', 'METHOD_NOT_ALLOWED');
  }
}
// What a person sees who sends a form.
const frame = document.createElement('iframe');
frame.name = 'answer';
document.body.append(frame);
const form = Object.assign(document.createElement('form'), { method: 'post', action: 'a.txt', target: 'answer' });
document.body.append(form);
const shown = once(frame, 'load', () => frame.contentDocument.URL !== 'about:blank');
form.submit();
await within(shown, 'the answer to the form');
same('a form that is sent', frame.contentDocument.title, 'This can only be read');
