const encoded = (path) => path.split('/').map(encodeURIComponent).join('/');
for (const [path, content] of args.names) {
  const answer = await ask(encoded(path));
  same(path, [answer.status, await answer.text()], [200, content]);
  same(`${path}, escapes in small letters`, await textOf(await ask(encoded(path).replace(/%../g, (text) => text.toLowerCase()))), [200, content]);
  const bytes = (name) => Array.from(new TextEncoder().encode(name), (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
  same(`${path}, every byte escaped`, await textOf(await ask(path.split('/').map(bytes).join('/'))), [200, content]);
}
for (const path of ['Привет/мир.txt', '文件/你好.txt', 'emoji 🎉👩‍👩‍👧.txt', 'a+b.txt']) {
  same(`${path}, as people write it`, (await textOf(await ask(path)))[0], 200);
}
same('as a frame', (await frameAt(encoded('Привет/страница №1.html'))).title, 'кириллица');
same('as a module', (await import(`./${encoded('модуль #1 50%.mjs')}`)).value, 'da');
same('small and capital letters differ', [(await ask('CASE.txt')).status, await (await ask('case.txt')).text()], [200, 'small']);
for (const path of ['docs%2Fa.txt', 'a%5Cb.txt', 'a%00b.txt', 'a%0Ab.txt', 'a%7F.txt', '%C2%85.txt', '%FF.txt', '%C3.txt', `${'x'.repeat(256)}.txt`,
  `${'long/'.repeat(210)}x`, 'a//b.txt', '..%2Fsecret.txt', '%2e%2e%2fsecret.txt', 'a/..%5c..%5csecret']) {
  await isPage(`refused: ${path.slice(0, 40)}`, await ask(path), 404, 'Not a file’s address', 'INVALID_PATH');
}
