//! What is found in modules and documents, and what is not.

use proptest::prelude::*;

use super::{MAX_IMPORTS, MAX_TEXT, imports, is_plain, is_read, loaded_by, scripts};

#[test]
fn imports_of_every_form() {
    let source = r#"#!/usr/bin/env node
        'use strict'; import './a.js'; import b from "./b.js"
        import * as c from './c.js'; import { d, e as f, default as g, "a string" as h } from './d.js';
        import i, { j } from '../e.js'; import k, * as l from '/f.js?v=1&w=2';
        import from from './g.js'; import defer from './h.js'; import source, { x } from './i.js';
        import/**/m/* from './no.js' */from/**/'./j.js' // import './no.js'
        export * from './k.js'; export * as n from './l.js'; export { o as p, "q" as r } from './m.js'
        export {} from'./n.js';import{s}from'./o.js';export*from'./p.js'
        import t,{u}from"./q.js";import
          v
          from
          './r.js'"#;
    let expected: Vec<String> = ["./a.js", "./b.js", "./c.js", "./d.js", "../e.js", "/f.js?v=1&w=2"]
        .into_iter()
        .map(str::to_owned)
        .chain(('g'..='r').map(|letter| format!("./{letter}.js")))
        .collect();
    assert_eq!(imports(source).unwrap(), expected);
}

#[test]
fn what_only_looks_like_an_import() {
    for source in [
        "// import './a.js'",
        "/* import './a.js' */",
        "const a = \"import './a.js'\"",
        "const a = `import './a.js'`",
        "const a = `${`${'`'}`} import './a.js'`",
        "const a = /import '.\\/a.js'/",
        "const a = b ? /[/']import '.\\/a.js'/ : 1",
        "if (a) /'/.test(b); import('./a.js'); /'/",
        "a.import; b.export; ({ import: './a.js', export: 1 }); class A { import = './a.js'; static export() {} }",
        "import.meta.url; import('./a.js').then(import.meta.resolve('./b.js'))",
        "export const a = './a.js', from = './b.js'; export default './c.js'; export { a, from }\n'./d.js'",
        "export { from }\nfrom ('./a.js')",
        "import a from './a.json' with { type: 'json' }; import './b.css' assert { type: 'css' }; export * from './c.json' with {}",
        "import defer * as a from './a.js'; import source b from './b.wasm'; import source from from './c.wasm'",
        "import 'https://cdn.test/b.js'; import '//cdn.test/c.js'; import './d%20.js'; import a from 'data:,'; import './e/..'",
        "function f() { import './a.js' }",
        "",
    ] {
        assert_eq!(imports(source).unwrap(), [""; 0], "{source}");
    }
}

#[test]
fn what_stands_around_an_import() {
    for around in [
        "a / 1; b /= 2; (c) / d; e[0] / f; g++ / h; 1 / 2; 'i' / j; `k` / l; {} /m'/; m.return / n; o?.5:1; 1..p / q; .5 / r",
        "return /'/; typeof /\"/; a = /`/g; (/'/); [/'/]; {/'/} ; !/'/; a, /'/; a ? /'/ : /'/; a => /'/; case /'/:",
        "if (a) /'/.b; while (a) /'/.b; for (;;) /'/.b; for await (const a of b) /'/.c; else /'/.d; do /'/.e; while (0)",
        "const a = { b: { c: /'/ }, d() { return /'/ }, get e() {}, [f]: `${{ g: `${/`/}` }}` } / 2",
        "class A extends (class {}) { #b = /'/; static { /'/ } 'c'() {} static async *d() { yield /'/ } }",
        "switch (a) { case 1: { b } /'/; default: { } }",
        "label: { /'/ }",
        "const \\u{61}b = 'é', ünï = 'a\\\r\nb', c = \"\\\"\", d = '\u{2028}', e = /[\\]/'`]/u, f = /\\//",
        "a = b\n/c/d; async () => {}\n/'/; x = y => ({}) / 2",
        "@dec class A {} <!--",
        "/**/ /***/ /* * / */ // `'\"",
        "\u{feff}\u{a0}\u{3000}",
        "export default class {} export default function () {} export async function a() {} export class B {}",
    ] {
        let source = format!("import './first.js'\n;{around}\n;import './last.js'");
        assert_eq!(imports(&source).unwrap(), ["./first.js", "./last.js"], "{around}");
    }
}

#[test]
fn a_module_that_is_not_fetched_in_advance() {
    for broken in [
        "'",
        "`",
        "`${",
        "/*",
        "{",
        "}",
        "(",
        ")",
        "[}",
        "({]",
        "/a\n/",
        "'\n'",
        "import",
        "import {",
        "export {",
        "\u{1}",
        "a./b/",
        // What only an import map gives a meaning, or may.
        "import a from 'bare'",
        "export * from '#a'",
        "import '.a'",
        "import '..'",
        "import ''",
        "import defer * as a from 'bare'",
        "import a from 'bare' with { type: 'json' }",
        "import './\\x61.js'",
    ] {
        let source = format!("import './a.js';\n{broken}");
        assert_eq!(imports(&source), None, "{broken}");
        assert_eq!(loaded_by("text/javascript", source.as_bytes()), ["/"], "{broken}");
        let inline = format!("<script type=module>{source}</script><script type=module src=b.js></script>");
        assert_eq!(scripts(&inline), ["./b.js"], "{broken}");
    }
}

#[test]
fn plain_specifiers() {
    for plain in [
        "./a",
        "../a/b.js",
        "/a",
        "./",
        "./a?b=c&d",
        "./a.",
        "./..a",
        "/@scope/a+b~1.js",
        "./.a",
    ] {
        assert!(is_plain(plain), "{plain}");
    }
    for other in [
        "", "a", "a/b", ".", "..", "...", ".a/b", "#a", "//a", "./a//b", "./a#b", "./a b", "./%61", "./é", ".\\a",
        "./a\\b", "./.", "./..", "../..", "./a/..?b", "data:,", "./a:b", "./a,b", "./a>b", "./a?b,c", "./a?b?c",
    ] {
        assert!(!is_plain(other), "{other}");
    }
}

#[test]
fn scripts_of_documents() {
    for (html, expected) in [
        ("<script type=module src=a.js></script>", &["./a.js"][..]),
        ("<SCRIPT TYPE=' Module ' SRC = \" /a.js \" async></SCRIPT>", &["/a.js"]),
        (
            "<script type=module crossorigin src=./a.js></script><script type=module crossorigin=anonymous src='../b.js'>",
            &["./a.js", "../b.js"],
        ),
        (
            "<script type=module>import './a.js'; export * from '/b.js'</script>",
            &["./a.js", "/b.js"],
        ),
        (
            "<script type=module src=a.js src=b.js type=text/javascript></script>",
            &["./a.js"],
        ),
        (
            "<svg viewBox='0 0 1 1'><title>a</title><path d=''/><svg/><g></g></svg><script type=module src=a.js></script>",
            &["./a.js"],
        ),
        ("<svg/><script type=module src=a.js></script>", &["./a.js"]),
        (
            "<a title='<script type=module src=b.js></script>'><script type=module src=a.js></script>",
            &["./a.js"],
        ),
        (
            "<template></template><!----><!--><!-- -- --!><script type=module src=a.js></script>",
            &["./a.js"],
        ),
        ("<p a=b/><script/type=module src=a.js></script>", &["./a.js"]),
        // No module scripts that run.
        (
            "<script src=a.js></script><script type=text/javascript src=b.js></script>",
            &[],
        ),
        (
            "<script type=module nomodule src=''></script><script type=module src='https://cdn.test/a.js'></script>",
            &[],
        ),
        (
            "<script type=module src=a.js integrity=sha256-a></script><script type=module src=b.js crossorigin=use-credentials></script>",
            &[],
        ),
        ("<script type=module src=a.js?b&amp;c></script>", &[]),
        ("<!-- <script type=module src=a.js></script> -->", &[]),
        ("<!-- <script type=module src=a.js></script>", &[]),
        ("<template><script type=module src=a.js></script></template>", &[]),
        ("<title><script type=module src=a.js></script></title>", &[]),
        (
            "<textarea></text><script type=module src=a.js></script></textarea >",
            &[],
        ),
        ("<noscript><script type=module src=a.js></script></noscript>", &[]),
        ("<style></styles><script type=module src=a.js></script></style>", &[]),
        ("<plaintext><script type=module src=a.js></script>", &[]),
        (
            "</script type=module src=a.js>< script type=module src=a.js><?script type=module src=a.js>",
            &[],
        ),
        ("<script type=module src=a.js", &[]),
        ("<script type=module src='a.js>", &[]),
        // Documents in which the same words may mean something else.
        (
            "<script>const map = document.createElement('script'); map.type = 'importMap'</script><script type=module src=a.js></script>",
            &[],
        ),
        ("<frameset><script type=module src=a.js></script></frameset>", &[]),
        ("<script type=module src=a.js></script><base href=b/>", &[]),
        (
            "<script type=importmap>{}</script><script type=module src=a.js></script>",
            &[],
        ),
        (
            "<meta http-equiv=Content-Security-Policy content=''><script type=module src=a.js></script>",
            &[],
        ),
        (
            "<meta http-equiv='&#67;ontent-Security-Policy'><script type=module src=a.js></script>",
            &[],
        ),
        ("<script type='&#109;odule' src=a.js></script>", &[]),
        (
            "<script><!-- <script> </script><script type=module src=a.js></script>",
            &[],
        ),
        ("<svg><script type=module src=a.js></script></svg>", &[]),
        (
            "<svg><style><!--</style><script type=module src=a.js></script>--></svg>",
            &[],
        ),
        ("<math><![CDATA[<script type=module src=a.js></script>]]></math>", &[]),
        ("<svg><foreignObject><script type=module src=a.js></script>", &[]),
        ("", &[]),
    ] {
        assert_eq!(scripts(html), expected, "{html}");
    }
}

#[test]
fn types_say_what_is_read() {
    let (module, document) = ("import './a.js'", "<script type=module src=a.js></script>");
    for (media_type, text) in [
        ("text/javascript", module),
        ("Application/JavaScript; charset=utf-8", module),
        ("text/html; charset=utf-8", document),
    ] {
        assert!(is_read(media_type, MAX_TEXT) && !is_read(media_type, MAX_TEXT + 1));
        assert_eq!(loaded_by(media_type, text.as_bytes()), ["./a.js"]);
    }
    for other in ["text/plain", "text/javascripts", "text/css", "video/mp2t", ""] {
        assert!(!is_read(other, 1), "{other}");
    }
    assert!(loaded_by("text/javascript", b"import './a.js' // \xff").is_empty());
    // Each once, and no more than an index takes.
    assert_eq!(
        loaded_by("text/javascript", "import './a.js';".repeat(9).as_bytes()),
        ["./a.js"]
    );
    let many: String = (0..MAX_IMPORTS + 9).map(|at| format!("import './{at}.js';")).collect();
    assert_eq!(loaded_by("text/javascript", many.as_bytes()).len(), MAX_IMPORTS);
    let long: String = (0..90)
        .map(|at| format!("import './{}{at}.js';", "a".repeat(900)))
        .collect();
    assert!((30..40).contains(&loaded_by("text/javascript", long.as_bytes()).len()));
}

/// A piece of a program, and what it imports.
fn statement() -> impl Strategy<Value = (String, Option<String>)> {
    let specifier = "\\.\\.?/[a-z]{1,8}\\.js";
    let form = prop::sample::select(vec![
        "import 'S';",
        "import a from\"S\"\n",
        "import {a, b as c} from 'S'\n",
        "export * from 'S';",
        "export {a} from 'S';",
        "import a, * as b from /* x */ 'S' // y\n",
    ]);
    let import = (form, specifier).prop_map(|(form, specifier)| (form.replace('S', &specifier), Some(specifier)));
    let noise = expression().prop_map(|text| (format!("x = {text};\n"), None));
    prop_oneof![1 => import, 2 => noise]
}

/// An expression full of what could be taken for something else.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "'import \"./no.js\"'",
        "\"it's\"",
        "`import './no.js'`",
        "/import '.\\/no.js'/g",
        "/[/`'\"]/",
        "a",
        "1",
        ".5",
        "import('./no.js')",
        "import.meta",
        "this",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(5, 40, 3, |inner| {
        let pair = (inner.clone(), inner.clone());
        prop_oneof![
            inner.clone().prop_map(|a| format!("({a})")),
            inner.clone().prop_map(|a| format!("[{a}, ...{a}]")),
            inner
                .clone()
                .prop_map(|a| format!("{{ import: {a}, b() {{ return {a} }} }}")),
            inner.clone().prop_map(|a| format!("`${{{a}}}'${{ {a} }}`")),
            inner.clone().prop_map(|a| format!("typeof {a}")),
            inner
                .clone()
                .prop_map(|a| format!("(() => {{ if ({a}) /'/.test({a}); else {{ }} }})")),
            inner
                .clone()
                .prop_map(|a| format!("function () {{ for (const b of {a}) {{ }} /'/ }}")),
            inner.clone().prop_map(|a| format!("{a}/* ' */\n")),
            pair.clone().prop_map(|(a, b)| format!("({a}) / ({b})")),
            pair.clone().prop_map(|(a, b)| format!("{a} ? {a} : {b}")),
            pair.prop_map(|(a, b)| format!("a[{a}] / 2 / {b}")),
        ]
    })
}

proptest! {
    #[test]
    fn programs_import_what_they_import(statements in prop::collection::vec(statement(), 0..12)) {
        let source: String = statements.iter().map(|(text, _)| text.as_str()).collect();
        let expected: Vec<&str> = statements.iter().filter_map(|(_, import)| import.as_deref()).collect();
        prop_assert_eq!(imports(&source).unwrap(), expected, "{}", source);
    }

    #[test]
    fn any_text_is_read(text: String, pieces in prop::collection::vec(prop::sample::select(vec![
        "import", "export", "from", " ", "'./a.js'", "\"", "'", "`", "${", "{", "}", "(", ")", "[", "]", "/", "*", "\\", "\n", "=", ">", "<", "!--",
        "-->", "<script type=module", " src=a.js", ">", "</script>", "<svg", "<template>", "é", "as", "with", "a", "1", ".", ",", ";", "?", ":",
    ]), 0..40)) {
        for text in [text, pieces.concat()] {
            prop_assert!(imports(&text).into_iter().flatten().all(|found| is_plain(found) && text.contains(found)));
            prop_assert!(scripts(&text).iter().all(|found| is_plain(found)));
        }
    }
}
