const own = await ask('missing.txt');
same('the bundle\'s own page', [...await textOf(own), header(own, 'content-type')], [404, '<title>lost</title>own page', 'text/html; charset=utf-8']);
same('by range', (await ask('missing.txt', { Range: 'bytes=0-3' })).status, 404);
same('with a condition', (await ask('missing.txt', { 'If-None-Match': '*' })).status, 404);
same('a navigation', await frameAt('missing/page?x'), { path: `${args.root}missing/page?x`, title: 'lost', text: 'own page' });
same('by its name', await textOf(await ask('404.html')), [200, '<title>lost</title>own page']);
