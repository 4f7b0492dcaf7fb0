const answer = await ask('a.txt');
const [etag, modified] = [header(answer, 'etag'), header(answer, 'last-modified')];
holds('the entity tag is strong', /^"[0-9a-f]{32}"$/.test(etag), etag);
same('Last-Modified is the time that was put', modified, 'Tue, 02 Jan 2024 03:04:05 GMT');
const earlier = 'Tue, 02 Jan 2024 03:04:04 GMT', later = 'Wed, 03 Jan 2024 00:00:00 GMT';
for (const [headers, status] of [
  [{ 'If-None-Match': etag }, 304], [{ 'If-None-Match': `"x", ${etag}` }, 304], [{ 'If-None-Match': `W/${etag}` }, 304],
  [{ 'If-None-Match': '*' }, 304], [{ 'If-None-Match': '"x"' }, 200], [{ 'If-None-Match': 'nonsense' }, 200],
  [{ 'If-Modified-Since': modified }, 304], [{ 'If-Modified-Since': later }, 304], [{ 'If-Modified-Since': earlier }, 200],
  [{ 'If-Modified-Since': 'yesterday' }, 200],
  [{ 'If-None-Match': '"x"', 'If-Modified-Since': later }, 200], [{ 'If-None-Match': etag, 'If-Modified-Since': earlier }, 304],
  [{ 'If-None-Match': etag, Range: 'bytes=0-1' }, 304],
]) {
  for (const method of ['GET', 'HEAD']) {
    const asked = await ask('a.txt', headers, { method });
    const what = `${method} with ${JSON.stringify(headers)}`;
    same(what, asked.status, status);
    same(`${what}: ETag`, header(asked, 'etag'), etag);
    same(`${what}: body`, await asked.text(), status === 200 && method === 'GET' ? 'the letter a' : '');
    if (status === 304) same(`${what}: no type of nothing`, header(asked, 'content-type'), null);
  }
}
same('two files of the same bytes', header(await ask('copy.txt'), 'etag'), etag);
holds('other bytes, other tag', header(await ask('b.txt'), 'etag') !== etag, etag);
const page = await ask('missing.txt', { 'If-None-Match': '*' });
same('a page of ours has no validators', [page.status, header(page, 'etag'), header(page, 'last-modified')], [404, null, null]);
return { etag };
