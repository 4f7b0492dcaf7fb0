//! Rows 1 to 4, 6, 9 and 10: what session code tries to do to its host, to others, and to itself.

use serde_json::json;

use super::super::ISOLATIONS;
use super::super::lifecycle::{Life, PARTITIONED};
use super::{foreign, foreign_origin};
use crate::browser::Engine;
use crate::case::{Case, Context, Host};
use crate::{Result, ensure};

pub(in super::super) const CASES: &[Case] = &[
    Case::new("walls_1_session_code_reads_the_host", reads_the_host),
    Case::new("walls_1_host_origin_as_vfs_origin", own_origin),
    Case::new("walls_2_session_code_leaves_its_frame", leaves_its_frame),
    Case::new("walls_2_session_code_reads_the_clipboard", clipboard)
        .under(&[Host::SameSite])
        .without(&[
            (Engine::Firefox, "its driver cannot allow a page to read the clipboard"),
            (Engine::WebKit, "its driver cannot allow a page to read the clipboard"),
        ]),
    Case::new("walls_2_session_code_downloads", downloads)
        .under(&[Host::SameSite])
        .without(&[(Engine::WebKit, "its driver cannot tell it where to save files")]),
    Case::new("walls_3_session_code_reads_another_session", reads_another),
    Case::new("walls_6_session_code_registers_a_worker", registers_a_worker),
    Case::new("walls_9_session_in_the_address_bar", address_bar)
        .under(&[Host::SameSite])
        .without(PARTITIONED),
    Case::new("walls_10_names_and_types_that_attack", names_and_types),
    Case::new("walls_shared_sessions_reach_each_other_only", shared),
    Case::new("walls_cookies_of_the_parent_domain", cookies).under(&[Host::SameSite]),
];

fn reads_the_host(context: &mut Context<'_>) -> Result {
    let mut life = Life::open(context, "origin", json!({}))?;
    for isolation in ISOLATIONS {
        life.turn(isolation, json!({"network": "open"}));
        life.run("localStorage.setItem('secret', 'of the host'); document.cookie = 'secret=of-the-host; path=/'; self.secret = 1")?;
        life.infiltrate("")?;
        life.run(
            r"
            const tries = {
              document: () => parent.document, body: () => top.document.body, storage: () => parent.localStorage.secret,
              global: () => parent.secret, eval: () => parent.eval('1'), location: () => String(parent.location.href),
              element: () => frameElement.ownerDocument, sdk: () => parent.session.id, define: () => { parent.mark = 1; },
              domain: () => { document.domain = location.hostname.split('.').slice(-2).join('.'); return parent.document; },
              sibling: () => parent.frames[0].document.body && (parent.frames[0] === self ? parent.frames[1] : parent.frames[0]).secret,
            };
            for (const [name, attempt] of Object.entries(tries)) {
              // The hub's frame is of this very origin, and no secret is in it.
              if (name === 'sibling') continue;
              let got;
              try { got = attempt(); } catch (error) { continue; }
              throw new Error(`${name}: ${String(got)}`);
            }
            // Given or not, what there is to be had is of the frame's own site.
            await document.requestStorageAccess?.().catch(() => {});
            check(!document.cookie.includes('of-the-host'), `the host's cookie: ${document.cookie}`);
            same(localStorage.getItem('secret'), null, 'the storage of the host');
            same(document.referrer.includes('host.html'), false, 'the path of the host in the referrer');
            ",
        )?;
        life.stage.browser.leave()?;
        life.run("same(self.mark, undefined, 'a mark that session code left')")?;
    }
    Ok(())
}

fn own_origin(context: &mut Context<'_>) -> Result {
    let life = Life::open(context, "shared", json!({}))?;
    life.run(
        r"
        const own = await codeOf(connect({ origin: location.origin }).then((vfs) => vfs.session({ isolation: 'shared' })));
        same(own, 'ORIGIN_NOT_ALLOWED', 'a VFS origin that is the host\'s own');
        same(document.querySelectorAll('iframe').length, 0, 'frames');
        ",
    )?;
    Ok(())
}

fn leaves_its_frame(context: &mut Context<'_>) -> Result {
    let server = foreign()?;
    let evil = foreign_origin(&server);
    let mut life = Life::open(context, "origin", json!({}))?;
    for isolation in ISOLATIONS {
        life.turn(isolation, json!({"network": "open"}));
        life.infiltrate("")?;
        let before = life.stage.browser.windows()?.len();
        life.run_with(
            r"
            const quietly = (action) => { try { return action(); } catch { return null; } };
            const url = args.evil + '/page.html';
            quietly(() => { top.location = url + '?top'; });
            quietly(() => { top.location.replace(url + '?replace'); });
            quietly(() => open.call(self, url));
            const link = (attributes) => {
              const element = document.body.appendChild(Object.assign(document.createElement('a'), attributes));
              quietly(() => element.click());
            };
            link({ href: url + '?top-link', target: '_top' });
            link({ href: url + '?blank-link', target: '_blank' });
            const form = document.body.appendChild(Object.assign(document.createElement('form'), { action: url + '?form', target: '_top' }));
            quietly(() => form.requestSubmit());
            same(quietly(() => window.open(url + '?popup')), null, 'a popup');
            same(quietly(() => confirm('really?')) || null, null, 'a dialog');
            same(quietly(() => prompt('really?', 'yes')) || null, null, 'a dialog');
            quietly(() => alert('hello'));
            quietly(() => print());
            ",
            json!({"evil": evil}),
        )?;
        life.stage.browser.leave()?;
        // The frame and its host are where they were, and a way to and fro later nothing has come of all this.
        life.run(
            r"
            same((await ask(preview, 'kept.txt')).text, 'kept', 'the preview');
            same(location.pathname, '/host.html', 'the host');
            same([...preview.element.sandbox].sort(), ['allow-same-origin', 'allow-scripts'], 'sandbox');
            ",
        )?;
        ensure(server.hits().is_empty(), || {
            format!("{isolation}: reached the foreign site: {:?}", urls(&server))
        })?;
        let after = life.stage.browser.windows()?.len();
        ensure(before == after, || {
            format!("{isolation}: {before} windows became {after}")
        })?;
    }
    Ok(())
}

/// The browser lets everybody read it whom their embedder lets: a host's page itself, and no preview.
fn clipboard(context: &mut Context<'_>) -> Result {
    let mut life = Life::open(context, "origin", json!({}))?;
    for isolation in ISOLATIONS {
        life.stage.goto_host()?;
        life.turn(isolation, json!({"network": "open"}));
        life.infiltrate("")?;
        life.stage.browser.leave()?;
        let vfs = life.run("return new URL(session.url).origin")?;
        for origin in [json!(life.stage.host), vfs] {
            let grant = json!({"origin": origin, "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]});
            // It holds for as long as who asked for it is connected.
            life.stage.browser.cdp_page("Browser.grantPermissions", &grant)?;
        }
        const READ: &str =
            "return await within(navigator.clipboard.readText().catch((error) => error.name), 'the clipboard')";
        let own = life.run(&["self.focus(); await navigator.clipboard.writeText('a secret');", READ].concat())?;
        ensure(own == "a secret", || format!("the host itself reads {own}"))?;
        life.stage.enter_preview()?;
        let read = life.run(&["self.focus();", READ].concat())?;
        ensure(read == "NotAllowedError", || {
            format!("{isolation}: a preview reads {read}")
        })?;
        life.stage.browser.leave()?;
    }
    Ok(())
}

fn downloads(context: &mut Context<'_>) -> Result {
    let mut life = Life::open(context, "origin", json!({}))?;
    let folder = life.stage.browser.save_files()?;
    for isolation in ISOLATIONS {
        for (tokens, name) in [("", "refused"), ("allow-downloads", "allowed")] {
            life.stage.goto_host()?;
            life.turn(isolation, json!({"network": "open"}));
            life.infiltrate(tokens)?;
            // With a click, as a visitor might be led to.
            life.run_with(
                r"
                document.body.textContent = '';
                const link = document.body.appendChild(document.createElement('a'));
                link.textContent = 'save'; link.download = `${args.name}.txt`; link.href = URL.createObjectURL(new Blob(['saved']));
                const file = Object.assign(document.createElement('a'), { href: 'kept.txt', download: `${args.name}-file.txt` }); file.click();
                ",
                json!({"name": format!("{isolation}-{name}")}),
            )?;
            life.stage.browser.click("a")?;
            life.stage.browser.leave()?;
        }
        // What was allowed is there after what was refused would have been.
        let wanted = folder.join(format!("{isolation}-allowed.txt"));
        let limit = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while !wanted.exists() {
            ensure(std::time::Instant::now() < limit, || {
                format!(
                    "{} was not saved, of {:?}",
                    wanted.display(),
                    std::fs::read_dir(&folder)
                        .map(|all| all.flatten().map(|entry| entry.file_name()).collect::<Vec<_>>())
                )
            })?;
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }
    let saved = std::fs::read_dir(&folder)?.flatten().map(|entry| entry.file_name());
    let refused: Vec<_> = saved
        .filter(|name| name.to_string_lossy().contains("refused"))
        .collect();
    ensure(refused.is_empty(), || format!("saved: {refused:?}"))
}

fn urls(server: &crate::server::Server) -> Vec<String> {
    server.hits().into_iter().map(|hit| hit.url).collect()
}

fn reads_another(context: &mut Context<'_>) -> Result {
    let mut life = Life::open(context, "origin", json!({}))?;
    // The victim, whose preview, hub and worker are there all the time.
    let victim = life.run(
        r"
        const options = { ...args.options, id: args.options.id + '-victim' };
        const other = await open(options, 'victim');
        await other.put({ 'probe.html': PROBE, 'secret.txt': 'secret of the victim', 'secret.js': 'self.stolen = 1' });
        self.victims = await mountProbe(other);
        same((await ask(victims, 'secret.txt')).text, 'secret of the victim', 'the victim itself');
        return { url: other.url, id: options.id };
        ",
    )?;
    life.turn("origin", json!({"network": "open"}));
    life.run(
        r"
        self.vfs = undefined; await open(); await session.put({ 'probe.html': PROBE });
        const place = stage.appendChild(document.createElement('div')); place.id = 'attacker';
        self.preview = await session.mount(place, { entry: 'probe.html' })
        ",
    )?;
    life.stage.browser.enter("#attacker iframe")?;
    life.run_with(
        r"
        const secret = args.victim.url + 'secret.txt';
        const got = async (promise) => { try { return await promise; } catch { return null; } };
        const fetched = await got(fetch(secret).then((response) => response.text()));
        same(fetched, null, 'fetched');
        for (const mode of ['no-cors', 'cors']) {
          const text = await got(fetch(secret, { mode, credentials: 'include', cache: 'no-store' }).then((response) => response.text()));
          check(!text, `fetched by ${mode}: ${text}`);
        }
        const xhr = await got(new Promise((resolve, reject) => {
          const request = new XMLHttpRequest();
          request.onload = () => resolve(request.responseText);
          request.onerror = reject;
          request.open('GET', secret);
          request.send();
        }));
        same(xhr, null, 'by XHR');
        const script = await new Promise((resolve) => {
          const element = document.head.appendChild(document.createElement('script'));
          element.onload = () => resolve('loaded');
          element.onerror = () => resolve('refused');
          element.src = args.victim.url + 'secret.js';
        });
        same([script, self.stolen], ['refused', undefined], 'its script');
        same(await got(import(args.victim.url + 'secret.js')), null, 'its module');
        // By name on the attacker's own origin, where that name has no meaning.
        for (const path of [`/${args.victim.id}/secret.txt`, `../${args.victim.id}/secret.txt`]) {
          const response = await fetch(path);
          check(response.status === 404 && !(await response.text()).includes('secret of'), `${path}: ${response.status}`);
        }
        // Its documents may be framed where the host's names allow it, and are another origin there.
        const frame = document.body.appendChild(document.createElement('iframe'));
        const loaded = once(frame, 'load');
        frame.src = secret;
        await within(loaded, 'a frame of the victim');
        let document_ = null;
        try { document_ = frame.contentDocument; } catch {}
        same(document_, null, 'its document');
        let text = null;
        try { text = frame.contentWindow.document.body.innerText; } catch {}
        same(text, null, 'its text');
        // What is stored here is the attacker's own and nothing else.
        const names = (await indexedDB.databases?.())?.map(({ name }) => name) ?? ['virtual-files'];
        const database = await new Promise((resolve, reject) => {
          const request = indexedDB.open('virtual-files');
          request.onsuccess = () => resolve(request.result);
          request.onerror = () => reject(request.error);
        });
        const ids = await new Promise((resolve) => {
          const request = database.transaction('sessions').objectStore('sessions').getAllKeys();
          request.onsuccess = () => resolve(request.result);
        });
        database.close();
        check(names.every((name) => name === 'virtual-files'), `databases: ${names}`);
        same(ids, [args.options.id], 'sessions that are stored here');
        ",
        json!({"victim": victim}),
    )?;
    life.stage.browser.leave()?;
    life.run("same((await ask(victims, 'secret.txt')).text, 'secret of the victim', 'the victim afterwards')")?;
    Ok(())
}

fn registers_a_worker(context: &mut Context<'_>) -> Result {
    let mut life = Life::open(context, "origin", json!({}))?;
    for isolation in ISOLATIONS {
        life.stage.goto_host()?;
        life.turn(isolation, json!({"network": "open"}));
        life.infiltrate("")?;
        life.stage.browser.leave()?;
        life.run(
            r"
            const evil = `self.onfetch = (event) => event.respondWith(new Response('evil'))`;
            await session.put({ 'own-sw.js': evil, 'sub/own-sw.js': evil, 'sw.js': evil, '_vf/x.js': evil, 'hub.html': '<p>evil' });
            ",
        )?;
        life.stage.enter_preview()?;
        life.run(
            r"
            const root = new URL('.', location.href);
            const scripts = [new URL('own-sw.js', root).href, new URL('sub/own-sw.js', root).href, new URL('sw.js', root).href, '/own-sw.js', '/_vf/x.js'];
            scripts.push(URL.createObjectURL(new Blob([`self.onfetch = (event) => event.respondWith(new Response('evil'))`], { type: 'text/javascript' })));
            scripts.push('data:text/javascript,self.onfetch=(event)=>event.respondWith(new Response(%22evil%22))');
            for (const script of scripts) {
              for (const options of [undefined, { scope: root.href }, { scope: '/' }, { type: 'module' }]) {
                const outcome = await navigator.serviceWorker.register(script, options).then(() => 'registered', (error) => error.name);
                check(outcome !== 'registered', `${script} with ${JSON.stringify(options)} is registered`);
              }
            }
            // The real one, for less than all: it is taken, and gives up as it is installed.
            const part = await navigator.serviceWorker.register('/sw.js', { scope: root.pathname === '/' ? '/part/' : root.pathname });
            const partial = part.installing ?? part.waiting ?? part.active;
            if (partial && partial.state !== 'redundant') await within(once(partial, 'statechange', () => partial.state !== 'installing'), 'the worker of a part');
            same(partial?.state ?? 'redundant', 'redundant', 'a worker of a part of the origin');
            const all = await navigator.serviceWorker.getRegistrations();
            const found = all.map(({ scope, active }) => [new URL(scope).pathname, new URL(active.scriptURL).pathname]);
            same(found, [['/', '/sw.js']], 'the registrations of this origin');
            same(await (await fetch('kept.txt')).text(), 'kept', 'afterwards');
            ",
        )?;
        life.stage.browser.leave()?;
        life.run(
            r"
            await session.put({ 'kept.txt': 'changed' }); same((await ask(preview, 'kept.txt')).text, 'changed', 'put afterwards');
            self.again = await mountProbe(); same((await ask(again, 'kept.txt')).text, 'changed', 'mounted afterwards')
            ",
        )?;
    }
    Ok(())
}

fn address_bar(context: &mut Context<'_>) -> Result {
    let mut life = Life::open(context, "origin", json!({}))?;
    for isolation in ISOLATIONS {
        for (allowed, wanted) in [(false, "403"), (true, "kept inside")] {
            life.stage.goto_host()?;
            life.turn(isolation, json!({"topLevel": allowed}));
            let put = "await open(); await session.put({ 'index.html': '<!doctype html><title>kept inside</title><p>kept inside' });\
                       await session.mount(stage); return session.url";
            let url = life.run(put)?;
            let url = url.as_str().ok_or("no URL")?;
            // Had the browser let it be the handler of a scheme, this is what a link of that scheme would open.
            life.stage.enter_preview()?;
            life.run(
                "try { navigator.registerProtocolHandler('web+virtualfiles', `${location.href}?opened=%s`) } catch {}",
            )?;
            life.stage.browser.leave()?;
            life.stage
                .browser
                .goto(&format!("{url}?opened=web%2Bvirtualfiles%3Aa"))?;
            let limit = std::time::Instant::now() + std::time::Duration::from_secs(20);
            let state = loop {
                let state = life.look("return { status: performance.getEntriesByType('navigation')[0]?.responseStatus, text: document.body.innerText, title: document.title }")?;
                let text = state["text"].as_str().unwrap_or_default();
                // The boot page may come first.
                let refused = text.contains("top level")
                    || text.contains("address bar")
                    || text.contains("own tab")
                    || state["status"] == 403;
                if refused || text.contains("kept inside") || std::time::Instant::now() > limit {
                    break state;
                }
            };
            let text = state["text"].as_str().unwrap_or_default();
            let shown = text.contains("kept inside");
            ensure(shown == allowed, || {
                format!("{isolation}: wanted {wanted}, got {state}")
            })?;
            ensure(allowed || state["status"].is_null() || state["status"] == 403, || {
                format!("{isolation}: {state}")
            })?;
        }
    }
    Ok(())
}

fn names_and_types(context: &mut Context<'_>) -> Result {
    let mut life = Life::open(context, "origin", json!({}))?;
    for isolation in ISOLATIONS {
        life.stage.goto_host()?;
        life.turn(isolation, json!({"listing": true}));
        life.run(
            r"
            await open();
            const nasty = [`<img src=x onerror=parent.postMessage('xss','*')>.txt`, `'><script>parent.postMessage('xss','*')</script>.txt`, `a&lt;b\'c.txt`, '%2e%2e.txt', '%00.txt'];
            await session.put(Object.fromEntries([['probe.html', PROBE], ['secret.txt', 'root file'], ...nasty.map((name) => [`list/${name}`, name])]));
            // Refused when they are put, and nothing of their bundle is there.
            const before = (await session.list()).length;
            for (const path of ['..', '../x', 'a/../b', 'a/./b', 'a//b', 'a\\b', '..\\b', 'a\u0000b', 'a\nb', 'a\u007fb', 'x'.repeat(256), 'x/'.repeat(600) + 'x', '', '/', 'a/']) {
              same(await codeOf(session.put([{ path: 'beside.txt', content: 'x' }, { path, content: 'x' }])), 'INVALID_PATH', `a put of ${JSON.stringify(path).slice(0, 40)}`);
            }
            for (const type of ['text/html\r\nX-Evil: 1', 'text/html\nX-Evil: 1', 'text', 'text/html; a=\u0000', 'text/html, text/plain', '<script>']) {
              const code = await codeOf(session.put([{ path: 'typed.html', content: 'x', type }]));
              check(/^INVALID_/.test(code), `the type ${JSON.stringify(type)}: ${code}`);
            }
            same((await session.list()).length, before, 'files after what was refused');
            let attacked = false;
            addEventListener('message', ({ data }) => { if (data === 'xss') attacked = true; });
            const inside = await mountProbe();
            const root = new URL(session.url).pathname;
            for (const path of ['..%2fsecret.txt', 'list/..%2f..%2fsecret.txt', 'list/%2e%2e%2fsecret.txt', 'list%2f..%2fsecret.txt', '..%5csecret.txt', 'list%5c..%5csecret.txt', 'secret.txt%00', 'secret.txt%00.html', '%00', '%ff', '%c0%ae%c0%ae/secret.txt', '%', '%zz', 'x'.repeat(300), 'x/'.repeat(600), 'secret.txt%0d%0aX-Evil:1', '<img src=x onerror=parent.postMessage(`xss`,`*`)>']) {
              const answer = await ask(inside, root + path);
              check(answer.status === 400 || answer.status === 404, `${path.slice(0, 60)}: ${JSON.stringify(answer).slice(0, 200)}`);
              check(!answer.text.includes('root file'), `${path} gives a file`);
            }
            // `..` and `%2e%2e` that the browser itself resolves never leave the origin, nor here the session.
            for (const path of ['list/../secret.txt', 'list/%2e%2e/secret.txt', 'list/.%2E/secret.txt']) same((await ask(inside, root + path)).text, 'root file', path);
            const above = await ask(inside, '../'.repeat(9) + 'secret.txt');
            check(above.status === 404 || above.text === 'root file', `above: ${above.status}`);
            // The pages that name names escape them.
            for (const entry of ['list/', '%3Cimg%20src%3Dx%20onerror%3Dparent.postMessage(%22xss%22,%22*%22)%3E', 'list/%3Cscript%3Eparent.postMessage(%22xss%22,%22*%22)%3C%2Fscript%3E']) {
              const place = stage.appendChild(document.createElement('div'));
              await session.mount(place, { entry });
            }
            same((await ask(inside, 'secret.txt')).text, 'root file', 'afterwards');
            check(!attacked, 'a name ran as a script');
            const listed = (await ask(inside, root + 'list/')).text;
            check(!listed.includes('<img') && !listed.includes('<script>parent') && listed.includes('&lt;img'), `the list: ${listed.slice(0, 2000)}`);
            ",
        )?;
    }
    Ok(())
}

/// `shared` walls off the host and nothing else: what SECURITY.md says of it is what is.
fn shared(context: &mut Context<'_>) -> Result {
    let mut life = Life::open(context, "shared", json!({}))?;
    let other = life.run(
        r"
        const options = { ...args.options, id: args.options.id + '-other' };
        self.other = await open(options, 'other');
        await other.put({ 'probe.html': PROBE, 'who.txt': 'the other', 'index.html': '<!doctype html><title>the other</title>' });
        await other.mount(document.body.appendChild(document.createElement('div')));
        return options.id;
        ",
    )?;
    life.turn("shared", json!({}));
    life.infiltrate("")?;
    life.run_with(
        r"
        // A path of the other session is a path of one's own: no bytes of the other by name.
        for (const path of [`/${args.other}/who.txt`, `../${args.other}/who.txt`, new URL(`/${args.other}/who.txt`, location.href).href]) {
          const response = await fetch(path);
          check(response.status === 404 && !(await response.text()).includes('the other'), `${path}: ${response.status}`);
        }
        const frame = document.body.appendChild(document.createElement('iframe'));
        const loaded = once(frame, 'load');
        frame.src = `/${args.other}/who.txt`;
        await within(loaded, 'the frame');
        check(frame.contentWindow.location.pathname.startsWith(`/${args.options.id}/`) && !frame.contentDocument.body.innerText.includes('the other'), `framed: ${frame.contentWindow.location.href}`);
        // But all that shows itself is of one origin: the other's document, the hub's. The host is not.
        const read = (window) => { try { return `${window.location.pathname} ${window.document.title}`; } catch { return 'out of reach'; } };
        const seen = Array.from({ length: parent.length }, (_, at) => read(parent[at]));
        check(seen.includes(`/${args.other}/ the other`) && seen.some((page) => page.startsWith('/hub.html')), `frames: ${seen}`);
        same(read(parent), 'out of reach', 'the host');
        // And the store of the origin is every session's, as the documentation says.
        const database = await new Promise((resolve, reject) => {
          const request = indexedDB.open('virtual-files');
          request.onsuccess = () => resolve(request.result);
          request.onerror = () => reject(request.error);
        });
        const ids = await new Promise((resolve) => {
          const request = database.transaction('sessions').objectStore('sessions').getAllKeys();
          request.onsuccess = () => resolve(request.result);
        });
        await new Promise((resolve, reject) => {
          const transaction = database.transaction('sessions', 'readwrite');
          transaction.objectStore('sessions').delete(args.other);
          transaction.oncomplete = resolve;
          transaction.onabort = () => reject(transaction.error);
        });
        database.close();
        check(ids.includes(args.other) && ids.includes(args.options.id), 'SECURITY.md says that sessions that share an origin reach its store');
        ",
        json!({"other": other}),
    )?;
    life.stage.browser.leave()?;
    life.run("same(await other.list(), [], 'what the other has, once it was deleted by session code')")
        .map(drop)
}

/// Where host and VFS origin have a parent domain in common, cookies of that domain are common, too: no wall, but what
/// SECURITY.md says of it, and what the `__Host-` prefix does about it.
fn cookies(context: &mut Context<'_>) -> Result {
    let mut life = Life::open(context, "origin", json!({}))?;
    for isolation in ISOLATIONS {
        life.turn(isolation, json!({}));
        life.run(
            r"
            document.cookie = 'wide=of-the-host; path=/; domain=virtual-files.localhost';
            document.cookie = 'own=of-the-host; path=/';
            document.cookie = '__Host-own=of-the-host; path=/; secure';
            ",
        )?;
        life.infiltrate("")?;
        life.run(
            r"
            const all = document.cookie.split('; ');
            same([all.includes('wide=of-the-host'), all.includes('own=of-the-host')], [true, false], 'the cookies that a preview reads');
            same(all.filter((cookie) => cookie.startsWith('__Host-')), [], 'guarded cookies that a preview reads');
            document.cookie = 'own=tossed; path=/; domain=virtual-files.localhost';
            document.cookie = '__Host-own=tossed; path=/; secure; domain=virtual-files.localhost';
            document.cookie = '__Host-own=tossed; path=/; domain=virtual-files.localhost';
            ",
        )?;
        // Another session, of another origin where the isolation says so.
        life.options["id"] = json!(format!("{}-other", life.stage.id));
        life.infiltrate("")?;
        life.run(
            "check(document.cookie.split('; ').includes('own=tossed'), `another session reads ${document.cookie}`)",
        )?;
        life.stage.browser.leave()?;
        life.run(
            r"
            const all = document.cookie.split('; ').sort();
            same(all.filter((cookie) => cookie.startsWith('own=')), ['own=of-the-host', 'own=tossed'], 'what a preview tosses, the host reads');
            // WebKitGTK does not know the prefix, and takes no cookie that wants HTTPS from a page without.
            const guarded = all.filter((cookie) => cookie.startsWith('__Host-'));
            same(guarded, [navigator.vendor.startsWith('Apple') ? '__Host-own=tossed' : '__Host-own=of-the-host'], 'guarded cookies');
            for (const cookie of ['wide=; domain=virtual-files.localhost', 'own=; domain=virtual-files.localhost', 'own=', '__Host-own=; secure', '__Host-own=; domain=virtual-files.localhost']) {
              document.cookie = `${cookie}; path=/; max-age=0`;
            }
            same(document.cookie.split('; ').filter((cookie) => /^(wide|own|__Host-own)=/.test(cookie)), [], 'cookies that are left');
            ",
        )?;
    }
    Ok(())
}
