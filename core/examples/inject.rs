//! How long the injection takes, by the size of the document: `cargo run --release --all-features --example inject`.
//!
//! Each line is a shape of document, with milliseconds for 1.25, 2.5, 5 and 10 MB: they should about double, whatever the
//! shape.

use std::hint::black_box;
use std::time::Instant;

use virtual_files_core::html::with_base;

const MEGABYTE: usize = 1_000_000;

/// A document of a size, from what begins it and what is repeated.
struct Shape {
    name: &'static str,
    start: &'static str,
    repeated: &'static str,
}

const SHAPES: &[Shape] = &[
    shape(
        "ordinary HTML",
        "<!doctype html><html lang=en><head><meta charset=utf-8><title>A</title></head><body>",
        "<section class=\"a b\"><h2>A heading &amp; more</h2>\n<p>Some text with <a href=\"/x?y=z\">a link</a>, \
         <b>bold</b>, and so on.</p>\n<ul><li>one<li>two</ul><img src=a.png alt=\"\"></section>\n",
    ),
    shape(
        "ordinary HTML with a base at the end of a table",
        "<table><td><base href=a>",
        "<tr><td>a<td>b\n",
    ),
    shape("one long text", "", "abc def "),
    shape("<", "", "<"),
    shape("an unclosed comment", "<!--", "- "),
    shape("comments before the head", "", "<!---->"),
    shape("whitespace before the head", "", " &#32;\n"),
    shape("unclosed comments in a script", "<script>", "<!--<script>"),
    shape("attributes", "<p ", "a "),
    shape("attributes of a formatting element", "<b ", "a b c=d "),
    shape("elements deep", "", "<div>"),
    shape("paragraphs deep", "", "<div><p>"),
    shape("made-up elements deep, closed in vain", "", "<x></y>"),
    shape("foreign elements deep", "<svg>", "<g></x>"),
    shape("<svg> deep", "", "<svg>"),
    shape("formatting elements deep", "", "<b><i>"),
    shape(
        "formatting elements opened again and again",
        "",
        "<p><b id=a><i id=b></p>",
    ),
    shape("misnested formatting elements", "", "<b><p></b>"),
    shape("links in links", "", "<a><div>"),
    shape("tables in tables", "", "<table><td>"),
    shape("templates deep", "", "<template>"),
    shape("lists deep", "", "<ul><li>"),
    shape("selects", "", "<select><option>"),
    shape("end tags", "", "</p></b></x>"),
];

const fn shape(name: &'static str, start: &'static str, repeated: &'static str) -> Shape {
    Shape { name, start, repeated }
}

fn main() {
    println!(
        "{:<50} {:>8} {:>8} {:>8} {:>8}",
        "ms", "1.25 MB", "2.5 MB", "5 MB", "10 MB"
    );
    for shape in SHAPES {
        let mut line = format!("{:<50}", shape.name);
        for size in [MEGABYTE * 5 / 4, MEGABYTE * 5 / 2, MEGABYTE * 5, MEGABYTE * 10] {
            let html = shape.start.to_owned() + &shape.repeated.repeat(size / shape.repeated.len());
            let start = Instant::now();
            black_box(with_base(black_box(&html), "https://vfs.test/s/", None, |_| None));
            line.push_str(&format!(" {:>8.1}", start.elapsed().as_secs_f64() * 1000.0));
        }
        println!("{line}");
    }
    let mut line = format!("{:<50}", "formatting elements, each another");
    for size in [MEGABYTE * 5 / 4, MEGABYTE * 5 / 2, MEGABYTE * 5, MEGABYTE * 10] {
        let html: String = (0..size / 14).map(|number| format!("<p><b {number:07}></p>")).collect();
        let start = Instant::now();
        black_box(with_base(black_box(&html), "https://vfs.test/s/", None, |_| None));
        line.push_str(&format!(" {:>8.1}", start.elapsed().as_secs_f64() * 1000.0));
    }
    println!("{line}");
}
