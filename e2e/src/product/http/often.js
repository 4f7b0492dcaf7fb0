// Files that are asked for often come from memory: the same bytes, whole and in part, as at first.
const names = args.names;
const bytes = async (response) => Array.from(new Uint8Array(await within(response.arrayBuffer(), 'the bytes')));
const hash = async (response) => sha256(new Blob([await response.arrayBuffer()]));
const seen = {};
for (let round = 0; round < 8; round += 1) {
  for (const name of names) {
    const whole = await ask(name);
    const told = [whole.status, header(whole, 'content-length'), header(whole, 'etag'), header(whole, 'content-type'), await hash(whole)];
    seen[name] ??= told;
    same(`${name}, round ${round}`, told, seen[name]);
    const part = await ask(name, { Range: 'bytes=1-4' });
    same(`${name}, a part, round ${round}`, [part.status, await bytes(part)], [206, (await bytes(await ask(name))).slice(1, 5)]);
    const head = await ask(name, {}, { method: 'HEAD' });
    same(`${name}, HEAD, round ${round}`, [head.status, header(head, 'content-length'), await bytes(head)], [200, told[1], []]);
    same(`${name}, known, round ${round}`, (await ask(name, { 'If-None-Match': told[2] })).status, 304);
  }
}
// Many at once, some given up on the way.
const gone = new AbortController();
const left = Array.from({ length: 40 }, (_, n) => fetch(`${names[n % names.length]}?gone`, { cache: 'no-store', signal: gone.signal }).then((answer) => answer.arrayBuffer()).catch(() => {}));
const all = await Promise.all(Array.from({ length: 200 }, async (_, n) => {
  const name = names[n % names.length];
  if (n === 100) gone.abort();
  return (await hash(await ask(name))) === seen[name][4];
}));
await Promise.all(left);
holds('many at once', all.every(Boolean), all.filter((right) => !right).length);
return seen;
