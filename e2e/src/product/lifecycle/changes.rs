//! Changes as one tab sees them: read at once, given up, large, compacted, disposed of.

use serde_json::json;

use super::super::ISOLATIONS;
use super::{Life, everywhere};
use crate::case::{Case, Context, Host};
use crate::{Result, ensure};

pub(in super::super) const CASES: &[Case] = &[
    Case::new("lifecycle_puts_are_read_at_once", read_your_writes),
    Case::new("lifecycle_aborted_put_leaves_the_old_bundle", aborted),
    Case::new("lifecycle_large_file_replaced_while_it_streams", streaming),
    Case::new("lifecycle_dispose_keeps_what_is_stored", disposed),
    Case::new("lifecycle_cleared_session_is_a_404_page", cleared),
    Case::new("lifecycle_replacing_puts_leave_few_packs", compacted),
    Case::new("lifecycle_pack_of_many_pieces_is_compacted", compacted_from_pieces).under(&[Host::SameSite]),
    Case::new("lifecycle_memory_session_is_compacted", compacted_in_memory),
];

fn read_your_writes(context: &mut Context<'_>) -> Result {
    everywhere(
        context,
        r"
        await open();
        await session.put({ 'probe.html': PROBE, 'n.txt': 'none' });
        const preview = await mountProbe();
        for (let n = 0; n < 30; n += 1) {
          await session.put({ 'n.txt': `put ${n}` });
          same((await ask(preview, 'n.txt')).text, `put ${n}`, 'fetched after the put');
        }
        // Not one after the other, but all at once: the last one asked for is the last one made.
        await Promise.all(Array.from({ length: 10 }, (_, n) => session.put({ 'n.txt': `at once ${n}` })));
        same((await ask(preview, 'n.txt')).text, 'at once 9', 'fetched after ten puts');
        ",
    )
}

fn aborted(context: &mut Context<'_>) -> Result {
    everywhere(
        context,
        r"
        await open();
        const bundleOf = (name) => {
          const files = { 'probe.html': PROBE };
          for (let n = 0; n < 300; n += 1) files[`f/${n}.txt`] = `${name} ${n} `.repeat(50);
          for (let n = 0; n < 3; n += 1) files[`big/${n}.bin`] = new Blob([name, new Uint8Array(2 << 20)]);
          return files;
        };
        let current = 'base';
        await session.put(bundleOf(current), { mode: 'replace' });
        const preview = await mountProbe();
        let [abandoned, done] = [0, 0];
        const moments = [
          (abort) => abort(),
          (abort) => Promise.resolve().then(abort),
          (abort) => { const { port1, port2 } = new MessageChannel(); port1.onmessage = abort; port2.postMessage(0); },
          (abort) => setTimeout(abort),
          'progress',
          (abort) => setTimeout(abort, 10),
          (abort) => setTimeout(abort, 25),
        ];
        for (const [round, moment] of moments.entries()) {
          const control = new AbortController(), abort = () => control.abort();
          const name = `new${round}`;
          const onProgress = moment === 'progress' ? abort : undefined;
          const put = session.put(bundleOf(name), { mode: 'replace', signal: control.signal, onProgress });
          if (moment !== 'progress') moment(abort);
          const result = await put.then(() => 'done', (error) => error.code ?? error.name);
          if (result === 'done') { current = name; done += 1; } else { same(result, 'ABORTED', 'rejection'); abandoned += 1; }
          const files = await session.list();
          same(files.length, 304, 'files');
          for (const n of [0, 150, 299]) same((await ask(preview, `f/${n}.txt`)).text, `${current} ${n} `.repeat(50), `fetched after ${result} in round ${round}`);
          for (const n of [0, 1, 2]) {
            const { text, length } = await ask(preview, `big/${n}.bin`, { brief: true });
            check(text.startsWith(current) && length === current.length + (2 << 20), `fetched big/${n}.bin after ${result} in round ${round}: ${length}`);
          }
        }
        const late = new AbortController();
        await session.put({ 'late.txt': 'late' }, { signal: late.signal });
        late.abort();
        same((await ask(preview, 'late.txt')).text, 'late', 'aborted after it was done');
        check(abandoned > 0, `nothing was given up (${done} done): the case shows nothing`);
        ",
    )
}

/// A document that reads a file slowly: a first chunk, then a word to its host, then the rest.
const READER: &str = r"
const reader = `<!doctype html><title>reader</title><script>
addEventListener('message', async ({ data, source }) => {
  if (data?.read) {
    try {
      const response = await fetch(data.read), reader = response.body.getReader(), seen = new Set();
      let length = 0;
      // Neighbours that are alike are one look: a set asked for each of the bytes takes many seconds.
      const take = ({ value }) => { length += value.length; for (let at = 0, last; at < value.length; at += 1) if (value[at] !== last) seen.add(last = value[at]); };
      take(await reader.read());
      const go = new Promise((resolve) => addEventListener('message', resolve, { once: true }));
      source.postMessage({ reading: length }, '*');
      await go;
      for (let part; !(part = await reader.read()).done;) take(part);
      source.postMessage({ read: true, length, seen: [...seen], claimed: response.headers.get('content-length') }, '*');
    } catch (error) { source.postMessage({ read: true, error: String(error) }, '*'); }
  }
});
parent.postMessage({ probe: true }, '*');
</script>`;
";

fn streaming(context: &mut Context<'_>) -> Result {
    everywhere(
        context,
        &format!(
            r"{READER}
        await open();
        const size = 24 << 20;
        const film = (byte) => new Blob([new Uint8Array(size).fill(byte)]);
        await session.put({{ 'probe.html': reader, 'film.bin': film(1) }});
        const preview = await mountProbe();
        for (const [byte, change] of [
          [1, () => session.put({{ 'film.bin': film(2) }})],
          [2, () => session.put({{ 'probe.html': reader, 'film.bin': film(3) }}, {{ mode: 'replace' }})],
          [3, () => session.delete('film.bin')],
        ]) {{
          const reading = once(window, 'message', (event) => event.data?.reading);
          preview.element.contentWindow.postMessage({{ read: 'film.bin' }}, '*');
          const {{ data: {{ reading: first }} }} = await within(reading, 'the first part of the film');
          // WebKit hands a document the whole of what a worker answers at once.
          const whole = /AppleWebKit/.test(navigator.userAgent) && !/Chrome/.test(navigator.userAgent);
          check(first < size || whole, 'all of the film came at once: the case shows nothing');
          await change();
          const done = once(window, 'message', (event) => event.data?.read);
          preview.element.contentWindow.postMessage('go', '*');
          const {{ data: film }} = await within(done, 'the rest of the film');
          if (!film.error) same([film.seen, film.length], [[byte], size], 'the film that was replaced under its reader');
        }}
        // Asked for and replaced at the same time: the one before or the one after.
        let current = 4;
        await session.put({{ 'film.bin': film(current) }});
        for (let round = 0; round < 6; round += 1) {{
          const done = once(window, 'message', (event) => event.data?.read);
          const reading = once(window, 'message', (event) => event.data?.reading);
          preview.element.contentWindow.postMessage({{ read: 'film.bin' }}, '*');
          const put = session.put({{ 'film.bin': film(current + 1) }});
          reading.then(() => preview.element.contentWindow.postMessage('go', '*'));
          const {{ data }} = await within(done, 'the film');
          await put;
          const {{ error, seen, length }} = data;
          check(error || (seen.length === 1 && [current, current + 1].includes(seen[0]) && length === size), `a film of ${{seen}} and ${{length}} bytes, put as ${{current}} and ${{current + 1}}`);
          current += 1;
        }}
        "
        ),
    )
}

fn disposed(context: &mut Context<'_>) -> Result {
    everywhere(
        context,
        r"
        await open();
        await session.put({ 'probe.html': PROBE, 'kept.txt': 'kept' });
        const [one, two] = [await mountProbe(), await mountProbe()];
        const before = document.querySelectorAll('iframe').length;
        check(before >= 3, `${before} frames: hub and two previews`);
        let told = 0;
        for (const preview of [one, two]) preview.addEventListener('dispose', () => { told += 1; });
        const running = codeOf(session.put({ 'never.bin': new Blob([new Uint8Array(8 << 20)]) }));
        await session.dispose();
        same(document.querySelectorAll('iframe').length, 0, 'frames that are left');
        same(told, 2, 'previews that were told');
        check(/ABORTED|resolved/.test(await running), `what was asked before: ${await running}`);
        same(await codeOf(session.list()), 'ABORTED', 'a disposed session');
        await session.dispose();
        if (args.options.storage === 'indexeddb') {
          await open();
          const preview = await mountProbe();
          same((await ask(preview, 'kept.txt')).text, 'kept', 'opened again');
        }
        await vfs.dispose();
        same(document.querySelectorAll('iframe').length, 0, 'frames that are left at the end');
        ",
    )
}

fn cleared(context: &mut Context<'_>) -> Result {
    let mut life = Life::open(context, "origin", json!({}))?;
    for isolation in ISOLATIONS {
        for storage in super::STORAGES {
            life.stage.goto_host()?;
            life.turn(isolation, json!({"storage": storage}));
            life.run(
                r"
                await open();
                await session.put({ 'probe.html': PROBE, 'a.txt': 'a' });
                self.preview = await session.mount(stage, { entry: 'probe.html' });
                await session.clear();
                same(await codeOf(session.stat('a.txt')), 'NOT_FOUND', 'stat');
                same((await ask(preview, 'a.txt')).status, 404, 'fetched');
                await preview.reload();
                ",
            )?;
            life.stage.enter_preview()?;
            let page = life.look(
                "return { status: performance.getEntriesByType('navigation')[0].responseStatus ?? 404, text: document.body.innerText }",
            )?;
            life.stage.browser.leave()?;
            ensure(
                page["status"] == 404 && page["text"].as_str().is_some_and(|text| text.contains("NOT_FOUND")),
                || format!("{isolation}, {storage}: {page}"),
            )?;
            // The same id is a new session, which the page comes to by itself.
            life.run(
                r"
                const healed = once(window, 'message', (event) => event.data?.probe);
                await session.put({ 'probe.html': PROBE, 'b.txt': 'b' }); await within(healed, 'the page');
                same((await ask(preview, 'b.txt')).text, 'b', 'put again'); same((await ask(preview, 'a.txt')).status, 404, 'of the one before')
                ",
            )?;
        }
    }
    Ok(())
}

/// What the store holds of a session, read where only its own origin's documents can.
const PACKS: &str = r"
const database = await new Promise((resolve, reject) => {
  const request = indexedDB.open('virtual-files');
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});
const keys = () => new Promise((resolve, reject) => {
  const request = database.transaction('packs').objectStore('packs').getAllKeys();
  request.onsuccess = () => resolve(request.result.filter(([id]) => id === args.options.id));
  request.onerror = () => reject(request.error);
});
";

fn compacted(context: &mut Context<'_>) -> Result {
    let mut life = Life::open(context, "origin", json!({}))?;
    for isolation in ISOLATIONS {
        life.stage.goto_host()?;
        life.turn(isolation, json!({}));
        life.run(
            r"
            await open();
            self.wanted = {};
            const put = async (files) => {
              await session.put(files);
              Object.assign(wanted, files);
            };
            await put({ 'probe.html': PROBE });
            // Twenty packs, each of which a second put leaves one file in ten.
            for (let n = 0; n < 20; n += 1) {
              await put(Object.fromEntries(Array.from({ length: 10 }, (_, file) => [`f/${n}-${file}.txt`, `first ${n} ${file} `.repeat(1500)])));
            }
            const second = {};
            for (let n = 0; n < 20; n += 1) for (let file = 1; file < 10; file += 1) second[`f/${n}-${file}.txt`] = `second ${n} ${file} `.repeat(100);
            await put(second);
            self.preview = await session.mount(stage, { entry: 'probe.html' });
            ",
        )?;
        let emptied = packs(&life, 4)?;
        // And many small packs, none of which has a hole.
        life.run("for (let n = 0; n < 100; n += 1) { const file = { [`s/${n}.txt`]: `small ${n}` }; await session.put(file); Object.assign(wanted, file); }")?;
        let small = packs(&life, 65)?;
        life.stage.browser.stop_workers()?;
        life.run(
            r"
            same((await session.list()).length, Object.keys(wanted).length, 'files');
            for (const [path, content] of Object.entries(wanted)) {
              same((await ask(preview, path)).text, content, `fetched ${path}`);
              if (path.endsWith('5.txt')) same(await (await session.read(path)).text(), content, `read ${path}`);
            }
            ",
        )?;
        println!("  {isolation}: of 22 packs {emptied} are left, and {small} of 100 small ones more");
    }
    Ok(())
}

/// What a compaction stores is made of hundreds of slices of what was stored before: Chromium may still look for some of
/// them when it comes to write it.
fn compacted_from_pieces(context: &mut Context<'_>) -> Result {
    let life = Life::open(context, "origin", json!({}))?;
    life.run(
        r"
        await open();
        const path = (file) => `f/${file}.txt`;
        const content = (turn, file) => `${turn} ${file} `.repeat(60);
        const files = Array.from({ length: 2000 }, (_, file) => file);
        const kept = files.filter((file) => file % 5 < 2);
        for (let turn = 0; turn < 10; turn += 1) {
          await session.put(Object.fromEntries(files.map((file) => [path(file), content(turn, file)])), { mode: 'replace' });
          await session.delete(files.filter((file) => file % 5 >= 2).map(path));
          // The compaction comes before the next put.
          await within(session.put({ 'last.txt': `${turn}` }), `the put after compaction ${turn}`, 60000);
          for (const file of kept.filter((file) => file % 100 === 1)) same(await (await session.read(path(file))).text(), content(turn, file), path(file));
          same((await session.list()).length, kept.length + 1, 'files');
        }
        ",
    )
    .map(drop)
}

/// What is left of a pack in memory is served to its last byte, and its end is told.
fn compacted_in_memory(context: &mut Context<'_>) -> Result {
    let mut life = Life::open(context, "origin", json!({}))?;
    for isolation in ISOLATIONS {
        life.stage.goto_host()?;
        life.turn(isolation, json!({"storage": "memory"}));
        life.run(
            r"
            await open();
            const wanted = { 'probe.html': PROBE, 'small.txt': 'small '.repeat(150), 'other.txt': 'other '.repeat(7000), 'third.txt': 'third '.repeat(90) };
            await session.put({ ...wanted, 'large.txt': 'large '.repeat(200000) });
            // Leaves the pack nearly empty, with holes between what is left. The compaction follows before the next put.
            const more = { 'large.txt': 'larger '.repeat(120000), 'other.txt': 'another', 'probe.html': PROBE };
            await session.put(more);
            await session.put({ 'last.txt': 'last' });
            Object.assign(wanted, more, { 'last.txt': 'last' });
            self.preview = await mountProbe();
            for (const [path, content] of Object.entries(wanted)) {
              same((await ask(preview, path)).text, content, `fetched ${path}`);
              same(await (await session.read(path)).text(), content, `read ${path}`);
            }
            ",
        )?;
    }
    Ok(())
}

/// Waits until the session has no more packs than this: a compaction follows its put, and nobody waits for it.
fn packs(life: &Life<'_>, most: u64) -> Result<u64> {
    life.stage.enter_preview()?;
    let count = life.run_with(
        &format!(
            r"{PACKS}
            let count;
            const limit = performance.now() + 15000;
            do count = (await keys()).length; while (count > args.most && performance.now() < limit);
            database.close();
            return count;
            "
        ),
        json!({"most": most}),
    )?;
    life.stage.browser.leave()?;
    match count.as_u64() {
        Some(count) if (1..=most).contains(&count) => Ok(count),
        _ => Err(format!("{} packs stay, and not at most {most}", count).into()),
    }
}
