const root = args.root;
const at = (response) => response.url.slice(location.origin.length);
// What a fetch without the slash sees as its URL. Where it is not sent on, it is answered in its place.
const slash = args.redirects ? '/' : '';
const docs = await ask('docs?q=1&r=%2F');
// Not `redirected`: WebKit does not set it where a worker has redirected. The URL tells.
same('a directory without its slash', [docs.status, at(docs), await within(docs.text(), "docs text")], [200, `${root}docs${slash}?q=1&r=%2F`, 'index of docs']);
same('a manual redirect is one', (await ask('docs', {}, { redirect: 'manual' })).type, args.redirects ? 'opaqueredirect' : 'basic');
same('with it', await textOf(await ask('docs/')), [200, 'index of docs']);
same('type of an index', header(await ask('docs/'), 'content-type'), 'text/html; charset=utf-8');
same('the index by name', await textOf(await ask('docs/index.html')), [200, 'index of docs']);
const deep = await ask('docs/api/v1');
same('deeper', [deep.status, at(deep), await within(deep.text(), "deep text")], [200, `${root}docs/api/v1${slash}`, 'index of v1']);
same('in a frame, with its URL', await frameAt('docs?x'), { path: `${root}docs/?x`, title: '', text: 'index of docs' });
same('a file that is asked for as a directory', (await ask('a.txt/')).status, 404);
same('a file beside a directory of the same name', await textOf(await ask('both')), [200, 'the file']);
for (const path of ['//docs', '//docs/', '/%0d%0adocs', '/%5Cdocs']) {
  const odd = await ask(location.origin + path);
  same(`no redirect leads off the origin: ${path}`, [odd.status, new URL(odd.url).origin], [404, location.origin]);
}
if (args.listing) {
  const page = new DOMParser().parseFromString(await within((await ask("plain/")).text(), "plain text"), 'text/html');
  same('listing', [...page.querySelectorAll('li a')].map((a) => [a.getAttribute('href'), a.textContent]),
    [['../', 'Parent directory'], ['./a%20%3Cb%3E.txt', 'a <b>.txt'], ['./inner/', 'inner/'], ['./z.txt', 'z.txt']]);
  same('listing of a directory without its slash', at(await ask('plain')), `${root}plain${slash}`);
  same('a link of it', await textOf(await ask('plain/a%20%3Cb%3E.txt')), [200, 'odd']);
  same('an index is shown in its place', await textOf(await ask('docs/')), [200, 'index of docs']);
  same('nothing to list', (await ask('nothing/')).status, 404);
} else {
  for (const path of ['plain/', 'plain', 'plain/inner/']) await isPage(`no listing of ${path}`, await ask(path), 404, 'Not found', 'NOT_FOUND');
}
// The session's root is a directory, too.
const bare = await ask(`/${args.session}?q`);
same('the root without its slash', [bare.status, at(bare)], [200, `/${args.session}${slash}?q`]);
