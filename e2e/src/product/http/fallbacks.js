const root = args.root;
// `spa`: navigations only.
for (const path of ['deep/link', 'deep/link/', 'a/b/c?q=1']) {
  same(`a navigation to ${path}`, await frameAt(`${root}${path}`), { path: `${root}${path}`, title: 'the app', text: '' });
}
same('a file that is there', await frameAt('other.html'), { path: `${root}other.html`, title: 'other', text: '' });
same('a directory that is there', (await frameAt('docs')).text, 'index of docs');
const missing = await ask('deep/link');
same('a fetch falls back to 404.html', [...await textOf(missing), header(missing, 'content-type')], [404, '<title>lost</title>own page', 'text/html; charset=utf-8']);
same('a fetch that takes HTML is none', (await ask('deep/link', { Accept: 'text/html' })).status, 404);
const script = Object.assign(document.createElement('script'), { src: 'missing.js' });
const failed = once(script, 'error');
document.body.append(script);
await within(failed, 'a script that is not there');
same('a module that is not there', await import('/missing.mjs').then(() => 'there', (error) => error.name), 'TypeError');
