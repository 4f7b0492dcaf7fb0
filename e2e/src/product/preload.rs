//! Modules are asked for in advance: all that a document loads, and nothing else.

use serde_json::{Value, json};

use super::{ISOLATIONS, Stage};
use crate::browser::Engine;
use crate::case::{Case, Context};
use crate::{Result, ensure};

pub(super) const CASES: &[Case] = &[Case::new("preload_asks_for_what_the_app_asks_for", exact)];

/// Documents with modules in a chain and around a ring, beside what no document loads. Each tells which requests it has made, and
/// whether some were made in advance: by a link, where the engine tells; or of a module before the one that imports it was there.
const FILES: &str = r#"
const tell = `const entries = performance.getEntriesByType('resource');
  const chain = Array.from({ length: 20 }, (_, n) => entries.find((entry) => entry.name.endsWith(\`/c\${n}.js\`)));
  const early = chain.some((entry, n) => entry && n && chain[n - 1] && entry.startTime < chain[n - 1].responseEnd);
  const paths = entries.map(({ name }) => name.slice(name.indexOf('/js/') + 4)).sort();
  parent.postMessage({ ran: true, paths, ahead: early || entries.some(({ initiatorType }) => initiatorType === 'link') }, '*');`;
const page = (head, script) => `<!doctype html><title>modules</title>${head}${script}`;
const main = '<script type="module" src="js/main.js"><\/script>';
const files = {
  'index.html': page('', main),
  'deep/er/index.html': page('', '<script type="module">import "../../js/main.js"<\/script>'),
  'based.html': page('<base href="js/">', '<script type="module" src="main.js"><\/script>'),
  'mapped.html': page('<script type="importmap">{"imports":{"./js/c0.js":"./js/other.js"}}<\/script>', main),
  'policy.html': page('<meta http-equiv="Content-Security-Policy" content="script-src \'self\'">', main),
  'js/main.js': `import './c0.js'; import '/js/root.js?v=1'; import { x } from './ring/a.js';
    const y = "import './unused.js'"; if (x > 9) import('./unused.js');\n${tell}`,
  'js/root.js': '', 'js/other.js': "import './c1.js'", 'js/unused.js': "import './unused-too.js'", 'js/unused-too.js': '',
  'js/ring/a.js': "import './b.js'; export const x = 1", 'js/ring/b.js': "import './a.js'; export { x } from './a.js'",
};
for (let n = 0; n < 20; n += 1) files[`js/c${n}.js`] = n < 19 ? `import './c${n + 1}.js'` : '';
"#;

const OTHERS: [&str; 4] = ["main.js", "ring/a.js", "ring/b.js", "root.js?v=1"];

fn exact(context: &mut Context<'_>) -> Result {
    // WebKit runs a module that is there early before its document's style sheets are.
    let may = context.browser.engine != Engine::WebKit;
    let stage = Stage::open(context)?;
    for isolation in ISOLATIONS {
        let put = "const vfs = await within(connect({ origin: args.origin }), 'connect');
            self.session = await within(vfs.session({ id: `${args.id}-${args.isolation[0]}`, isolation: args.isolation }), 'session');
            await within(session.put(files), 'put')";
        stage.goto_host()?;
        let args = json!({"origin": stage.origin(isolation), "isolation": isolation, "id": stage.id});
        stage.run(&format!("{FILES}{put}"), args)?;
        for (entry, ahead) in [
            ("index.html", may),
            ("deep/er/", may),
            ("based.html", false),
            ("mapped.html", false),
            ("policy.html", false),
        ] {
            let show = "const ran = once(window, 'message', (event) => event.data?.ran);
                for (const old of stage.children) old.remove();
                await within(session.mount(stage, { entry: args.entry }), 'mount');
                const { paths, ahead } = (await within(ran, 'the modules')).data;
                return { paths, ahead };";
            let seen: Value = stage.run(show, json!({"entry": entry}))?;
            let first = if entry == "mapped.html" { "other.js" } else { "c0.js" };
            let mut paths: Vec<String> = (1..20).map(|number| format!("c{number}.js")).collect();
            paths.extend(OTHERS.into_iter().chain([first]).map(str::to_owned));
            paths.sort_unstable();
            ensure(seen == json!({"paths": paths, "ahead": ahead}), || {
                format!("{isolation}, {entry}: {seen:#}")
            })?;
        }
    }
    Ok(())
}
