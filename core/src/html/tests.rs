//! Each rule of the injection by itself; `tests/properties` holds the whole against a browser's parser.

use super::*;

/// The document with a `^` at the insertion point, after what closes a token there.
fn marked(html: &str) -> String {
    let head = scan(html);
    let (before, after) = html.split_at(head.offset);
    [before, head.closing, "^", after].concat()
}

fn own_base(html: &str) -> Option<String> {
    scan(html).own_base
}

#[test]
fn the_head_begins_after_its_tag_or_before_what_implies_it() {
    for expected in [
        "^",
        "^text",
        "^<p>text",
        "<head>^<title>A</title></head>",
        "<HEAD lang=a >^ ",
        "<head/>^x",
        "<html><head a='>'>^</head>",
        "<html>^<body>",
        "<html lang=en>^<title>A</title>",
        "^<base href=a>",
        "^<template><head></template>",
        "^<script>'<head>'</script>",
        "^<body><head>",
        "^text<head>",
        "^<frameset><head>",
        "^<svg><head>",
        "<head>^<head>",
        "^\0<head>",
    ] {
        assert_eq!(marked(&expected.replace('^', "")), expected);
    }
}

#[test]
fn what_comes_before_the_head_stays_there() {
    for expected in [
        "  \n\t^x",
        "<!-- a -->^x",
        "<!-- <head> -->\r\n^x",
        "<!---->^x",
        "<!-->^x",
        "<!--->^x",
        "<!-- a --!>^x",
        "<!-- <!-- -->^-->",
        "<!doctype html>\n^<p>",
        "<!DOCTYPE html PUBLIC \"-//W3C//DTD HTML 4.01//EN\" \">^\">",
        "<!doctype html>\n<!-- a -->\n<html>\n<!-- b -->\n<head>^",
        "<!doctype html>\n<!-- a -->\n<html>\n<!-- b -->\n^x",
        "<!doctype a><!doctype b>^x",
        "<?xml version='1.0'?>\n^<p>",
        "<!bogus>^<p>",
        "</ bogus>^<p>",
        "<![CDATA[ <head> ^]]>x",
        "</> </>\n^x",
        "</div>  </template>^x",
        "<html a><html b> ^x",
        "^</head>",
        "^</body>",
        "^</html>",
        "^</br>",
        " ^<",
        " ^<1",
        "^</",
        " ^&amp;",
    ] {
        assert_eq!(marked(&expected.replace('^', "")), expected);
    }
}

#[test]
fn whitespace_may_be_written_as_character_references() {
    for expected in [
        "&#32;^x",
        "&#32^x",
        "&#x20;&#X9&#10;&#0012;&#13;^<p>",
        "&Tab;&NewLine;\n^x",
        "^&Tab",
        "^&tab;",
        "^&#321;",
        "^&#;",
        "^&#x;",
        "^&#11;",
        "^&#0;",
        "^&#99999999999999999999;",
        "^&nbsp;",
        "&#32;<!-- a -->&#32;^x",
    ] {
        assert_eq!(marked(&expected.replace('^', "")), expected);
    }
}

#[test]
fn what_the_end_cuts_off_never_takes_ours_in() {
    for (html, expected) in [
        ("<!--", "<!---->^"),
        ("<!-- a", "<!-- a-->^"),
        ("<!-- a >", "<!-- a >-->^"),
        ("<!-- a -", "<!-- a -->^"),
        ("<!-- a --", "<!-- a -->^"),
        ("<!-- a --!", "<!-- a --!>^"),
        ("<!---", "<!---->^"),
        ("<!----", "<!---->^"),
        ("<!---!", "<!---!-->^"),
        ("<!-- <!-", "<!-- <!-->^"),
        ("<!", "<!>^"),
        ("<!-", "<!->^"),
        ("<!x", "<!x>^"),
        ("<?x", "<?x>^"),
        ("</ x", "</ x>^"),
        ("<![CDATA[x", "<![CDATA[x>^"),
        ("<!doctype", "<!doctype>^"),
        ("<!doctype ", "<!doctype >^"),
        ("<!DOCTYPE html", "<!DOCTYPE html ->^"),
        ("<!doctype html PUBLIC", "<!doctype html PUBLIC ->^"),
        ("<!doctype html PUBLIC \"a", "<!doctype html PUBLIC \"a>^"),
        ("<!doctype html PUBLIC \"a\"", "<!doctype html PUBLIC \"a\" ->^"),
        ("<!doctype html PUBLIC \"a\" 'b", "<!doctype html PUBLIC \"a\" 'b>^"),
        ("<!doctype html system '", "<!doctype html system '>^"),
        ("<!doctype html x '", "<!doctype html x ' ->^"),
        (" <html a='", " ^<html a='"),
        ("<html ", "^<html "),
        ("<head", "^<head"),
        ("<head><!-- a", "<head>^<!-- a"),
        ("</x", "^</x"),
        ("<!-- a --><x", "<!-- a -->^<x"),
    ] {
        assert_eq!(marked(html), expected);
    }
}

#[test]
fn a_byte_order_mark_is_left_out() {
    let inject = |html| with_base(html, "b", None, |_| None);
    assert_eq!(inject("\u{feff}<!doctype html>x"), "<!doctype html><base href=\"b\">x");
    assert_eq!(inject("\u{feff}"), "<base href=\"b\">");
    assert_eq!(inject("\u{feff}\u{feff}<head>"), "<base href=\"b\">\u{feff}<head>");
    assert_eq!(scan("\u{feff} <p>").offset, 4);
}

#[test]
fn the_first_base_with_an_address_counts() {
    for (html, href) in [
        ("<base href=a>", Some("a")),
        ("<head><base href=a><base href=b>", Some("a")),
        ("<base target=_top><base><base href=b>", Some("b")),
        ("<base href>", Some("")),
        ("<base HREF='a' href=b>", Some("a")),
        (
            "<BASE target=x hRef = \"&amp;&#x61;&not;it&copy=1\"/>",
            Some("&a¬it&copy=1"),
        ),
        ("<base href='\0\r\n'>", Some("\u{fffd}\n")),
        ("<base a href", None),
        ("<base href=a", None),
        ("</base href=a>", None),
        ("<baser href=a>", None),
        ("<p><base href=a>", Some("a")),
        ("</head><base href=a>", Some("a")),
        ("<body></body></html><base href=a>", Some("a")),
        ("<ul><li><b><a><base href=a>", Some("a")),
        ("<select><option><base href=a>", Some("a")),
    ] {
        assert_eq!(own_base(html).as_deref(), href, "{html}");
    }
}

#[test]
fn text_is_no_element() {
    for element in [
        "title", "textarea", "style", "script", "noscript", "iframe", "noembed", "noframes", "xmp",
    ] {
        let html = format!("<{element}><base href=a></x></{element}><base href=b>");
        assert_eq!(own_base(&html).as_deref(), Some("b"), "{html}");
    }
    for (html, href) in [
        ("<plaintext><base href=a></plaintext><base href=b>", None),
        ("<!-- <base href=a> --><base href=b>", Some("b")),
        ("<p title='<base href=a>'><base href=b>", Some("b")),
        (
            "<script><!-- <script></script><base href=a></script><base href=b>",
            Some("b"),
        ),
        ("<script><!-- </script><base href=b>", Some("b")),
        ("<script></scriptx><base href=a></script/><base href=b>", Some("b")),
        ("<title></TITLE ><base href=b>", Some("b")),
    ] {
        assert_eq!(own_base(html).as_deref(), href, "{html}");
    }
}

#[test]
fn templates_are_other_documents() {
    for (html, href) in [
        ("<template><base href=a></template><base href=b>", Some("b")),
        ("<template><base href=a>", None),
        ("<template><table><base href=a></template><base href=b>", Some("b")),
        (
            "<template><template></template><base href=a></template><base href=b>",
            Some("b"),
        ),
        (
            "<template shadowrootmode=open><base href=a></template><base href=b>",
            Some("b"),
        ),
        ("<table><template><tr><td></template><base href=b>", Some("b")),
    ] {
        assert_eq!(own_base(html).as_deref(), href, "{html}");
    }
}

#[test]
fn foreign_content_has_no_base() {
    for (html, href) in [
        ("<svg><base href=a></svg><base href=b>", Some("b")),
        ("<math><base href=a></math><base href=b>", Some("b")),
        ("<svg/><base href=b>", Some("b")),
        ("<svg><desc><base href=a>", Some("a")),
        ("<svg><foreignObject><base href=a>", Some("a")),
        ("<svg><title><base href=a>", Some("a")),
        ("<svg><g><p><base href=a>", Some("a")),
        ("<svg></p><base href=a>", Some("a")),
        ("<svg><font><base href=a></svg><base href=b>", Some("b")),
        ("<svg><font color=x><base href=a>", Some("a")),
        ("<math><mi><base href=a>", Some("a")),
        ("<math><mi><mglyph><base href=a></math><base href=b>", Some("b")),
        ("<math><annotation-xml><base href=a></math><base href=b>", Some("b")),
        ("<math><annotation-xml encoding=Text/HTML><base href=a>", Some("a")),
        (
            "<svg><annotation-xml encoding=text/html><base href=a></svg><base href=b>",
            Some("b"),
        ),
        ("<svg><style><base href=a></style></svg><base href=b>", Some("b")),
        (
            "<svg><![CDATA[</svg><base href=a>]]><base href=a></svg><base href=b>",
            Some("b"),
        ),
        ("<b><svg></b><base href=a>", Some("a")),
        ("<svg></b><base href=a></svg><base href=b>", Some("b")),
        ("<p><b></p><svg></b><base href=a>", Some("a")),
        // As by `srcdoc`, where a paragraph ends before a table.
        ("<p><b><table><svg></b><base href=a>", Some("a")),
        // What holds HTML in foreign content is special, and bounds scopes.
        (
            "<b><math><annotation-xml></b><base href=a></math><base href=b>",
            Some("b"),
        ),
        ("<x><svg><title></x><base href=a>", Some("a")),
        ("<x><svg><title></x></title><base href=a></svg><base href=b>", Some("b")),
    ] {
        assert_eq!(own_base(html).as_deref(), href, "{html}");
    }
}

#[test]
fn framesets_have_no_base() {
    for (html, href) in [
        ("<frameset><base href=a></frameset><base href=b>", None),
        ("<base href=a><frameset>", Some("a")),
        // The frameset takes the place of the body, and of what is in it.
        ("<p><base href=a><frameset>", None),
        ("<base href=a></head><p><base href=b><frameset>", Some("a")),
        ("<p>x<base href=a><frameset>", Some("a")),
        ("<body><base href=a><frameset>", Some("a")),
    ] {
        assert_eq!(own_base(html).as_deref(), href, "{html}");
    }
}

#[test]
fn what_is_moved_in_front_of_a_table_comes_first() {
    for (html, href) in [
        ("<table><base href=a>", Some("a")),
        ("<table><tr><td><base href=a></table><base href=b>", Some("a")),
        ("<table><tr><td><base href=a><tr><base href=b>", Some("b")),
        ("<table><tr><td><base href=a><tr><p><base href=b>", Some("b")),
        ("<table><base href=a><base href=b>", Some("a")),
        ("<table><td><base href=a><table><base href=b>", Some("a")),
        (
            "<table><td><table><td><base href=a></table></table><table><base href=b>",
            Some("a"),
        ),
        (
            "<table><td><table><td><base href=a></table><tr><base href=b>",
            Some("b"),
        ),
        ("<table><colgroup><base href=a>", Some("a")),
    ] {
        assert_eq!(own_base(html).as_deref(), href, "{html}");
    }
}

#[test]
fn deep_documents_end_all_the_same() {
    let deep = "<div>".repeat(100_000) + &"<p><b><i>".repeat(10_000) + &"<table>".repeat(10_000);
    assert_eq!(marked(&deep).find('^'), Some(0));
    // A base in reach of the budget is found, whatever comes after it.
    assert_eq!(own_base(&("<base href=a>".to_owned() + &deep)).as_deref(), Some("a"));
    assert_eq!(own_base(&("<div>".repeat(500) + "<base href=a>")).as_deref(), Some("a"));
}

#[test]
fn the_own_base_is_resolved_against_ours() {
    let inject = |html: &str, url: Option<&str>| {
        let injected = with_base(html, "ours", None, |href| {
            assert_eq!(href, "own");
            url.map(str::to_owned)
        });
        injected.strip_suffix(html).unwrap().to_owned()
    };
    let html = "<base href=own target=_top>";
    assert_eq!(
        inject(html, Some("https://a.test/x?a&b")),
        "<base href=\"https://a.test/x?a&amp;b\">"
    );
    for refused in [
        None,
        Some("data:,x"),
        Some("JavaScript:0"),
        Some(" \u{1}da\tta:x"),
        Some("java\nscript:x"),
    ] {
        assert_eq!(inject(html, refused), "<base href=\"ours\">", "{refused:?}");
    }
    for taken in ["database:x", "javascripts:x", "dat:x"] {
        assert_eq!(inject(html, Some(taken)), format!("<base href=\"{taken}\">"));
    }
}

#[test]
fn what_is_written_stays_in_its_attribute() {
    let never = |_: &str| unreachable!("the document has no base");
    assert_eq!(
        with_base("<p>", "a\"><script>&amp;\r\n\t\0'", Some("p\"><x>"), never),
        "<meta http-equiv=\"Content-Security-Policy\" content=\"p&quot;&gt;&lt;x&gt;\">\
         <base href=\"a&quot;&gt;&lt;script&gt;&amp;amp;&#13;&#10;&#9;\u{fffd}'\"><p>"
    );
}
