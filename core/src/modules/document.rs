//! Which modules an HTML document loads with its `<script>` elements.
//!
//! The document is tokenized by the rules of the HTML Standard as far as they decide what is a script and what is text, and
//! no further: where a document is unusual (a base of its own, an import map, a policy of its own, scripts in foreign content),
//! it has no modules that are known beforehand. That costs it a few milliseconds; a wrong guess would fetch what it never asks for.

use super::lexer::imports;
use super::specifier::is_plain;

/// The specifiers of a document's modules in its order: those of its external module scripts, and what its inline ones import.
pub fn scripts(html: &str) -> Vec<String> {
    // A script may add a map, too, which then comes too late for what was resolved before.
    let map = b"importmap";
    if html
        .as_bytes()
        .windows(map.len())
        .any(|part| part.eq_ignore_ascii_case(map))
    {
        return Vec::new();
    }
    let mut reader = Reader {
        rest: html,
        found: Vec::new(),
    };
    match reader.run() {
        Some(()) => reader.found,
        None => Vec::new(),
    }
}

/// Elements whose content is text until their own end tag, with scripting.
const TEXT: [&str; 8] = [
    "title", "textarea", "style", "xmp", "iframe", "noembed", "noframes", "noscript",
];

/// The attributes that are looked at.
const KNOWN: [&str; 5] = ["crossorigin", "http-equiv", "integrity", "src", "type"];

struct Reader<'h> {
    rest: &'h str,
    found: Vec<String>,
}

/// A start tag.
#[derive(Default)]
struct Tag<'h> {
    name: String,
    /// Those of [`KNOWN`]: names in small letters, and values as they stand there; of each name, the first.
    attributes: Vec<(String, &'h str)>,
    /// Whether it ends in `/>`.
    closed: bool,
}

impl<'h> Tag<'h> {
    fn attribute(&self, name: &str) -> Option<&'h str> {
        self.attributes
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| *value)
    }
}

/// `None` where nothing should be known of the document.
type Usual<T = ()> = Option<T>;

impl<'h> Reader<'h> {
    fn run(&mut self) -> Usual {
        // How many templates are open: what stands in them is not run.
        let mut templates = 0_usize;
        while let Some(at) = self.rest.find('<') {
            self.skip(at + 1);
            let mut chars = self.rest.chars();
            match chars.next() {
                Some('!') => self.markup_declaration()?,
                Some('?') => self.skip_tag(),
                Some('/') if chars.next().is_some_and(|char| char.is_ascii_alphabetic()) => {
                    self.skip(1);
                    let tag = self.tag()?;
                    if tag.name == "template" {
                        templates = templates.saturating_sub(1);
                    }
                }
                Some('/') => self.skip_tag(),
                Some(char) if char.is_ascii_alphabetic() => {
                    let tag = self.tag()?;
                    match tag.name.as_str() {
                        "template" => templates += 1,
                        "script" => {
                            let text = self.raw_text("script");
                            // `<!--` begins another way of finding the script's end.
                            if text.as_bytes().windows(4).any(|part| part == b"<!--") {
                                return None;
                            }
                            if templates == 0 {
                                self.script(&tag, text)?;
                            }
                        }
                        // In a frameset, nothing else is run.
                        "base" | "frameset" => return None,
                        "meta" if tag.attribute("http-equiv").is_some_and(is_policy) => return None,
                        // What is in them is tokenized by other rules, and text to the end.
                        "svg" | "math" if !tag.closed => self.foreign(&tag.name)?,
                        "plaintext" => return Some(()),
                        name if TEXT.contains(&name) => {
                            self.raw_text(&tag.name);
                        }
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        Some(())
    }

    fn script(&mut self, tag: &Tag<'_>, text: &str) -> Usual {
        let kind = tag.attribute("type").unwrap_or_default().trim_ascii();
        if kind.contains('&') {
            return None;
        }
        if !kind.eq_ignore_ascii_case("module") {
            return Some(());
        }
        // With these, a module is fetched in another way than its preload would be.
        let anonymous = |value: &str| value.is_empty() || value.eq_ignore_ascii_case("anonymous");
        if tag.attribute("integrity").is_some() || !tag.attribute("crossorigin").is_none_or(anonymous) {
            return Some(());
        }
        match tag.attribute("src").map(str::trim_ascii) {
            Some(source) => {
                let path = if source.starts_with(['/', '.']) {
                    source.to_owned()
                } else {
                    // Of a URL with a scheme, this makes no plain path either.
                    ["./", source].concat()
                };
                if is_plain(&path) && !path.contains('&') && !source.is_empty() {
                    self.found.push(path);
                }
            }
            None => self
                .found
                .extend(imports(text).unwrap_or_default().into_iter().map(str::to_owned)),
        }
        Some(())
    }

    /// What `<!` begins: a comment, a doctype, or what is taken for a comment.
    fn markup_declaration(&mut self) -> Usual {
        let Some(comment) = self.rest.strip_prefix("!--") else {
            self.skip_tag();
            return Some(());
        };
        self.rest = comment;
        if comment.starts_with('>') || comment.starts_with("->") {
            return Some(());
        }
        // It ends with `-->` or `--!>`.
        while !self.rest.is_empty() {
            let before = self.take(|char| char != '>');
            self.skip(1);
            if before.ends_with("--") || before.ends_with("--!") {
                break;
            }
        }
        Some(())
    }

    /// The tag whose name comes next, up to its end.
    fn tag(&mut self) -> Usual<Tag<'h>> {
        let mut tag = Tag {
            name: self
                .take(|char| !is_space(char) && !matches!(char, '/' | '>'))
                .to_ascii_lowercase(),
            ..Tag::default()
        };
        loop {
            tag.closed = self.take(|char| is_space(char) || char == '/').ends_with('/');
            if self.rest.starts_with('>') {
                self.skip(1);
                return Some(tag);
            }
            // A tag that the document ends in is none.
            let first = self.rest.chars().next()?;
            let start = self.rest;
            self.skip(first.len_utf8());
            self.take(|char| !is_space(char) && !matches!(char, '/' | '>' | '='));
            let name = start
                .get(..start.len() - self.rest.len())
                .unwrap_or_default()
                .to_ascii_lowercase();
            self.take(is_space);
            let value = match self.rest.strip_prefix('=') {
                Some(rest) => {
                    self.rest = rest;
                    self.take(is_space);
                    self.value()?
                }
                None => "",
            };
            if KNOWN.contains(&name.as_str()) && tag.attribute(&name).is_none() {
                tag.attributes.push((name, value));
            }
        }
    }

    fn value(&mut self) -> Usual<&'h str> {
        let quote = self.rest.chars().next()?;
        if !matches!(quote, '"' | '\'') {
            return Some(self.take(|char| !is_space(char) && char != '>'));
        }
        self.skip(1);
        let value = self.take(|char| char != quote);
        // The quote that ends it must be there.
        self.rest.starts_with(quote).then(|| self.skip(1))?;
        Some(value)
    }

    /// The text of an element up to its end tag, which is left to be read.
    fn raw_text(&mut self, name: &str) -> &'h str {
        let start = self.rest;
        let mut from = 0;
        while let Some(at) = start.get(from..).and_then(|rest| rest.find('<')) {
            let end = from + at;
            from = end + 1;
            let Some(after) = start.get(from..).and_then(|rest| rest.strip_prefix('/')) else {
                continue;
            };
            let named = after
                .get(..name.len())
                .is_some_and(|found| found.eq_ignore_ascii_case(name));
            let closes = after
                .get(name.len()..)
                .is_some_and(|rest| rest.starts_with(|char| is_space(char) || matches!(char, '/' | '>')));
            if named && closes {
                self.skip(end);
                return start.get(..end).unwrap_or_default();
            }
        }
        self.rest = "";
        start
    }

    /// Passes an `svg` or a `math` element in which everything is a tag or text.
    fn foreign(&mut self, name: &str) -> Usual {
        let mut open = 1_usize;
        while open > 0 {
            let at = self.rest.find('<')?;
            self.skip(at + 1);
            let end = self.rest.starts_with('/');
            if end {
                self.skip(1);
            }
            match self.rest.chars().next()? {
                '!' if self.rest.starts_with("!--") => self.markup_declaration()?,
                char if char.is_ascii_alphabetic() => {
                    let tag = self.tag()?;
                    match tag.name.as_str() {
                        found if found == name && end => open -= 1,
                        found if found == name => open += usize::from(!tag.closed),
                        found if !SHAPES.contains(&found) => return None,
                        _ => {}
                    }
                }
                _ => return None,
            }
        }
        Some(())
    }

    fn take(&mut self, wanted: impl Fn(char) -> bool) -> &'h str {
        let rest = self.rest;
        self.skip(rest.find(|char| !wanted(char)).unwrap_or(rest.len()));
        rest.get(..rest.len() - self.rest.len()).unwrap_or_default()
    }

    fn skip_tag(&mut self) {
        self.take(|char| char != '>');
        self.skip(1);
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }
}

/// What pictures and formulas are made of. Other elements end foreign content, hold HTML in it, or are tokenized in another way
/// there.
const SHAPES: [&str; 36] = [
    "a",
    "animate",
    "animatetransform",
    "circle",
    "clippath",
    "defs",
    "desc",
    "ellipse",
    "feblend",
    "feflood",
    "fegaussianblur",
    "filter",
    "g",
    "image",
    "line",
    "lineargradient",
    "marker",
    "mask",
    "mi",
    "mn",
    "mo",
    "mrow",
    "msub",
    "msup",
    "path",
    "pattern",
    "polygon",
    "polyline",
    "radialgradient",
    "rect",
    "stop",
    "symbol",
    "text",
    "title",
    "tspan",
    "use",
];

fn is_policy(value: &str) -> bool {
    value.contains('&') || value.trim_ascii().eq_ignore_ascii_case("content-security-policy")
}

fn is_space(char: char) -> bool {
    matches!(char, '\t' | '\n' | '\u{c}' | '\r' | ' ')
}
