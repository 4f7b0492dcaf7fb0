// The byte at a place of the large file, as it was put: see `large` in http.rs.
const size = args.size;
const byteAt = (place) => (place * 7 + (place >> 13)) & 255;
const etag = header(await ask('large.bin', {}, { method: 'HEAD' }), 'etag');
const modified = header(await ask('large.bin', {}, { method: 'HEAD' }), 'last-modified');
const right = (bytes, start) => {
  for (let place = 0; place < bytes.length; place += 1) if (bytes[place] !== byteAt(start + place)) return `byte ${start + place} is ${bytes[place]}`;
  return 'right';
};
for (const [range, start, end] of [
  ['bytes=0-0', 0, 1], ['bytes=5-9', 5, 10], ['bytes=0-', 0, size], [`bytes=${size - 1}-`, size - 1, size],
  ['bytes=4194300-4194309', 4194300, 4194310], ['bytes=-5', size - 5, size], [`bytes=-${size * 2}`, 0, size],
  [`bytes=${size - 3}-${size + 1000}`, size - 3, size], ['bytes=10-99999999999999999999', 10, size], ['bytes=7000000-7999999', 7000000, 8000000],
]) {
  const answer = await ask('large.bin', { Range: range });
  const bytes = new Uint8Array(await answer.arrayBuffer());
  same(range, [answer.status, header(answer, 'content-range'), header(answer, 'content-length'), bytes.length],
    [206, `bytes ${start}-${end - 1}/${size}`, String(end - start), end - start]);
  same(`${range}: bytes`, right(bytes, start), 'right');
  same(`${range}: validators`, [header(answer, 'etag'), header(answer, 'accept-ranges')], [etag, 'bytes']);
}
for (const range of [`bytes=${size}-`, `bytes=${size + 5}-${size + 9}`, 'bytes=-0']) {
  const answer = await ask('large.bin', { Range: range });
  same(`${range}: Content-Range`, header(answer, 'content-range'), `bytes */${size}`);
  const page = await isPage(range, answer, 416, 'No such part of the file', 'RANGE_NOT_SATISFIABLE');
  holds(`${range}: says how long the file is`, page.body.textContent.includes(String(size)), page.body.textContent);
}
// Several ranges at once, and what is no range: the whole, as RFC 9110 lets a server do.
for (const range of ['bytes=0-1,4-5', 'bytes=9-1', 'lines=0-1', 'bytes=a-b']) {
  const answer = await ask('small.txt', { Range: range });
  same(range, [...await textOf(answer), header(answer, 'content-range')], [200, '0123456789', null]);
}
for (const [what, headers, wanted] of [
  ['If-Range with the tag', { 'If-Range': etag }, 206], ['with another', { 'If-Range': '"x"' }, 200], ['with a weak one', { 'If-Range': `W/${etag}` }, 200],
  ['with the date', { 'If-Range': modified }, 206], ['with a later date', { 'If-Range': 'Fri, 01 Jan 2100 00:00:00 GMT' }, 200],
]) {
  const answer = await ask('large.bin', { Range: 'bytes=0-9', ...headers });
  same(what, [answer.status, header(answer, 'content-length')], wanted === 206 ? [206, '10'] : [200, String(size)]);
  await answer.body?.cancel();
}
const head = await ask('large.bin', { Range: 'bytes=0-9' }, { method: 'HEAD' });
same('HEAD knows no ranges', [head.status, header(head, 'content-length')], [200, String(size)]);
same('the end of an empty file', await textOf(await ask('empty.txt', { Range: 'bytes=-1' })), [200, '']);
same('the start of an empty file', (await ask('empty.txt', { Range: 'bytes=0-' })).status, 416);
same('an empty file', await textOf(await ask('empty.txt')), [200, '']);

// A media element asks by range; it plays what it is given, and reaches the end without the middle.
const audio = new Audio('sound.wav');
audio.preload = 'auto';
await within(Promise.race([once(audio, 'loadedmetadata'), once(audio, 'error').then(() => { throw new Error(`no sound: ${audio.error.message}`); })]), 'the sound');
holds('the length of the sound', Math.abs(audio.duration - 120) < 0.1, audio.duration);
const sought = once(audio, 'seeked');
audio.currentTime = 119;
await within(sought, 'the seek');
holds('where it was sought to', Math.abs(audio.currentTime - 119) < 0.2, audio.currentTime);
