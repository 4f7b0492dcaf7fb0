//! What the injection promises about every document, held against a browser's parser: html5ever.
//!
//! The elements are the first in the head; the base that results is the one that the document's own base would have made of
//! ours; and without the elements, the tree and its quirks mode are the document's own, as are its bytes.

use html5ever::tendril::TendrilSink;
use html5ever::tokenizer::TokenizerOpts;
use html5ever::tree_builder::{QuirksMode, TreeBuilderOpts};
use html5ever::{ParseOpts, ns, parse_document};
use markup5ever_rcdom::{Handle, NodeData, RcDom};
use url::Url;
use virtual_files_core::html::{scan, with_base};

const BASE: &str = "https://vfs.test/s/dir/";
const POLICY: &str = "default-src 'self' \"><script>&amp;\r\n";

/// Panics unless the promises hold for a document.
pub(crate) fn check(data: &[u8]) {
    let html = String::from_utf8_lossy(data);
    // This version of html5ever panics where a <meta> ends in its charset.
    let lower = html.to_ascii_lowercase();
    if !(lower.contains("content-type") && lower.contains("charset")) {
        check_text(&html);
    }
}

/// The same for text.
pub(crate) fn check_text(html: &str) {
    holds(html);
    finds_probes(html);
}

/// Puts a base where a document has none, here and there, and looks whether it is found just where a browser would find it.
fn finds_probes(html: &str) {
    // What is asked at the end tells what is open there: an end tag closes the SVG with what is around it, or nothing.
    const ENDS: [&str; 12] = [
        "<base href=probe>",
        "<svg></b><base href=probe>",
        "<svg></a><base href=probe>",
        "<svg></i><base href=probe>",
        "<svg></nobr><base href=probe>",
        "<svg></font><base href=probe>",
        "<svg></x><base href=probe>",
        "<svg></option><base href=probe>",
        "<svg></form><base href=probe>",
        "</b><svg></b><base href=probe>",
        "</b></b></b><svg></b><base href=probe>",
        "</table><svg></b><base href=probe>",
    ];
    let document = html.strip_prefix('\u{feff}').unwrap_or(html);
    let document = document.replace("base", "bass").replace("BASE", "BASS");
    let places: Vec<usize> = document.match_indices('<').map(|(at, _)| at).collect();
    // Which ones is left to the document, so that each is looked at for some.
    let choice = document.bytes().fold(document.len(), |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(usize::from(byte))
    });
    for round in 0..3 {
        if let Some(at) = places.get((choice / 7 + round * places.len() / 3) % places.len().max(1)) {
            let (before, after) = document.split_at(*at);
            finds_own(&[before, ENDS[0], after].concat());
        }
        finds_own(&[&document, ENDS[(choice % ENDS.len() + round * 4) % ENDS.len()]].concat());
    }
}

/// Whether html5ever may depart from the standard: to it, an `annotation-xml` bounds no scope, and no element of SVG or MathML
/// is special, so that an end tag in one that holds HTML closes what is around it. Nor is a `search`, or a `keygen`. And a
/// doctype of another name, or one that is cut off, means quirks to it in `srcdoc` as well.
fn departs(html: &str) -> bool {
    if quirks(&parse_srcdoc(html)) == "quirks" {
        return true;
    }
    let html = html.to_ascii_lowercase();
    let has = |names: &[&str]| names.iter().any(|name| html.contains(name));
    has(&["<search", "<keygen"])
        || has(&["<svg"]) && has(&["<title", "<desc", "<foreignobject"])
        || has(&["<math"]) && has(&["<mi", "<mo", "<mn", "<ms", "<mtext", "<annotation-xml"])
}

fn finds_own(html: &str) {
    let (found, expected) = (scan(html).own_base, first_base(&parse_srcdoc(html).document));
    assert!(
        found == expected || departs(html),
        "the own base of {html:?} is {expected:?}, and not {found:?}"
    );
}

/// Panics unless the promises hold for a document.
fn holds(html: &str) {
    let document = html.strip_prefix('\u{feff}').unwrap_or(html);
    let head = scan(html);
    let injected = with_base(html, BASE, Some(POLICY), resolve);

    let (before, after) = html.split_at(head.offset);
    let before = before.strip_prefix('\u{feff}').unwrap_or(before);
    let ours = injected
        .strip_prefix(before)
        .and_then(|rest| rest.strip_prefix(head.closing))
        .and_then(|rest| rest.strip_suffix(after))
        .unwrap_or_else(|| panic!("other bytes than ours differ: {html:?} became {injected:?}"));
    assert!(
        ours.starts_with("<meta ") && ours.ends_with("\">"),
        "{ours:?} was put into {html:?}"
    );

    let original = parse(document);
    let changed = parse(&injected);
    let own = first_base(&parse_srcdoc(document).document);
    let expected = own.as_deref().and_then(resolve).filter(|url| may_be_base(url));
    let effective = first_base(&changed.document);
    let expected = expected.as_deref().unwrap_or(BASE);
    assert!(
        effective.as_deref() == Some(expected) || departs(document),
        "the base of {html:?}, whose own is {own:?}, became {effective:?} and not {expected:?}"
    );
    remove_ours(&changed.document, html);
    assert_eq!(
        outline(&original),
        outline(&changed),
        "the tree of {html:?} became that of {injected:?}"
    );
    if !quirks_by_end(document) {
        assert_eq!(
            quirks(&original),
            quirks(&changed),
            "the mode of {html:?} became that of {injected:?}"
        );
    }
}

fn resolve(href: &str) -> Option<String> {
    Some(Url::parse(BASE).ok()?.join(href).ok()?.into())
}

fn may_be_base(url: &str) -> bool {
    !url.starts_with("data:") && !url.starts_with("javascript:")
}

/// Whether the document is a doctype that its end cuts off after its system identifier: it means quirks, and cannot be
/// closed so that it still does.
fn quirks_by_end(document: &str) -> bool {
    scan(document).closing == " ->" && document.trim_end().ends_with(['"', '\''])
}

fn quirks(dom: &RcDom) -> &'static str {
    match dom.quirks_mode.get() {
        QuirksMode::Quirks => "quirks",
        QuirksMode::LimitedQuirks => "limited quirks",
        QuirksMode::NoQuirks => "no quirks",
    }
}

/// Parses a document as a browser that runs scripts does.
fn parse(html: &str) -> RcDom {
    parse_as(html, false)
}

/// The same for `srcdoc`, where no document is in quirks mode.
fn parse_srcdoc(html: &str) -> RcDom {
    parse_as(html, true)
}

fn parse_as(html: &str, iframe_srcdoc: bool) -> RcDom {
    let options = ParseOpts {
        tree_builder: TreeBuilderOpts {
            scripting_enabled: true,
            iframe_srcdoc,
            ..TreeBuilderOpts::default()
        },
        tokenizer: TokenizerOpts {
            discard_bom: false,
            ..TokenizerOpts::default()
        },
    };
    parse_document(RcDom::default(), options).one(html)
}

fn attribute(node: &Handle, wanted: &str) -> Option<String> {
    let NodeData::Element { attrs, .. } = &node.data else {
        return None;
    };
    let attributes = attrs.borrow();
    let found = attributes
        .iter()
        .find(|attribute| attribute.name.ns == ns!() && &*attribute.name.local == wanted);
    found.map(|attribute| attribute.value.to_string())
}

fn is_html(node: &Handle, wanted: &str) -> bool {
    matches!(&node.data, NodeData::Element { name, .. } if name.ns == ns!(html) && &*name.local == wanted)
}

/// The `href` of the first base element of the tree that has one.
fn first_base(document: &Handle) -> Option<String> {
    let mut nodes = vec![document.clone()];
    while let Some(node) = nodes.pop() {
        if is_html(&node, "base")
            && let Some(href) = attribute(&node, "href")
        {
            return Some(href);
        }
        nodes.extend(node.children.borrow().iter().rev().cloned());
    }
    None
}

/// Takes the elements out of the tree, where they are the first two of the head.
fn remove_ours(document: &Handle, html: &str) {
    let child = |node: &Handle, name: &str| {
        let children = node.children.borrow();
        children.iter().find(|child| is_html(child, name)).cloned()
    };
    let head = child(document, "html").and_then(|root| child(&root, "head"));
    let head = head.unwrap_or_else(|| panic!("{html:?} got no head"));
    let ours: Vec<Handle> = head.children.borrow_mut().drain(..2).collect();
    assert!(
        is_html(&ours[0], "meta") && attribute(&ours[0], "content") == Some(POLICY.to_owned()),
        "the head of {html:?} does not begin with the policy"
    );
    assert!(
        is_html(&ours[1], "base"),
        "the head of {html:?} does not go on with the base"
    );
}

/// A line for each node.
fn outline(dom: &RcDom) -> String {
    let mut text = String::new();
    let mut nodes = vec![(dom.document.clone(), 0)];
    while let Some((node, depth)) = nodes.pop() {
        let line = match &node.data {
            NodeData::Document => "document".to_owned(),
            NodeData::Doctype {
                name,
                public_id,
                system_id,
            } => format!("doctype {:?}", [&**name, &**public_id, &**system_id]),
            NodeData::Text { contents } => format!("{:?}", &**contents.borrow()),
            NodeData::Comment { contents } => format!("comment {:?}", &**contents),
            NodeData::Element {
                name,
                attrs,
                template_contents,
                ..
            } => {
                let contents = template_contents.borrow();
                nodes.extend(contents.iter().map(|contents| (contents.clone(), depth + 1)));
                let attributes: Vec<_> = attrs
                    .borrow()
                    .iter()
                    .map(|attribute| format!("{:?}={:?}", attribute.name.expanded(), &*attribute.value))
                    .collect();
                format!("{:?} {attributes:?}", name.expanded())
            }
            NodeData::ProcessingInstruction { .. } => "processing instruction".to_owned(),
        };
        text.push_str(&format!("{depth} {line}\n"));
        let children = node.children.borrow();
        nodes.extend(children.iter().rev().map(|child| (child.clone(), depth + 1)));
    }
    text
}
