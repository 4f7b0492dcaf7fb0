//! The names of elements as small numbers, and the sets of them that the HTML Standard's rules are written in.
//!
//! Names are in lower case, as start tags have them: foreign elements are not given their capitals back, since nothing that
//! is decided here tells `foreignObject` from `foreignobject`.

use std::collections::BTreeMap;

/// The name of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Name(u32);

/// The namespace of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Namespace {
    Html,
    MathMl,
    Svg,
}

/// The names that rules speak of are constants, in alphabetical order; all others get the next free number.
macro_rules! names {
    ($($constant:ident = $text:literal,)*) => {
        #[repr(u32)]
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "they only count the constants below")]
        enum Known { $($constant,)* }
        $(pub(super) const $constant: Name = Name(Known::$constant as u32);)*
        const KNOWN: &[&str] = &[$($text,)*];
    };
}

names! {
    A = "a",
    ADDRESS = "address",
    ANNOTATION_XML = "annotation-xml",
    APPLET = "applet",
    AREA = "area",
    ARTICLE = "article",
    ASIDE = "aside",
    B = "b",
    BASE = "base",
    BASEFONT = "basefont",
    BGSOUND = "bgsound",
    BIG = "big",
    BLOCKQUOTE = "blockquote",
    BODY = "body",
    BR = "br",
    BUTTON = "button",
    CAPTION = "caption",
    CENTER = "center",
    CODE = "code",
    COL = "col",
    COLGROUP = "colgroup",
    DD = "dd",
    DESC = "desc",
    DETAILS = "details",
    DIALOG = "dialog",
    DIR = "dir",
    DIV = "div",
    DL = "dl",
    DT = "dt",
    EM = "em",
    EMBED = "embed",
    FIELDSET = "fieldset",
    FIGCAPTION = "figcaption",
    FIGURE = "figure",
    FONT = "font",
    FOOTER = "footer",
    FOREIGN_OBJECT = "foreignobject",
    FORM = "form",
    FRAME = "frame",
    FRAMESET = "frameset",
    H1 = "h1",
    H2 = "h2",
    H3 = "h3",
    H4 = "h4",
    H5 = "h5",
    H6 = "h6",
    HEAD = "head",
    HEADER = "header",
    HGROUP = "hgroup",
    HR = "hr",
    HTML = "html",
    I = "i",
    IFRAME = "iframe",
    IMAGE = "image",
    IMG = "img",
    INPUT = "input",
    KEYGEN = "keygen",
    LI = "li",
    LINK = "link",
    LISTING = "listing",
    MAIN = "main",
    MALIGNMARK = "malignmark",
    MARQUEE = "marquee",
    MATH = "math",
    MENU = "menu",
    META = "meta",
    MGLYPH = "mglyph",
    MI = "mi",
    MN = "mn",
    MO = "mo",
    MS = "ms",
    MTEXT = "mtext",
    NAV = "nav",
    NOBR = "nobr",
    NOEMBED = "noembed",
    NOFRAMES = "noframes",
    NOSCRIPT = "noscript",
    OBJECT = "object",
    OL = "ol",
    OPTGROUP = "optgroup",
    OPTION = "option",
    P = "p",
    PARAM = "param",
    PLAINTEXT = "plaintext",
    PRE = "pre",
    RB = "rb",
    RP = "rp",
    RT = "rt",
    RTC = "rtc",
    RUBY = "ruby",
    S = "s",
    SCRIPT = "script",
    SEARCH = "search",
    SECTION = "section",
    SELECT = "select",
    SMALL = "small",
    SOURCE = "source",
    SPAN = "span",
    STRIKE = "strike",
    STRONG = "strong",
    STYLE = "style",
    SUB = "sub",
    SUMMARY = "summary",
    SUP = "sup",
    SVG = "svg",
    TABLE = "table",
    TBODY = "tbody",
    TD = "td",
    TEMPLATE = "template",
    TEXTAREA = "textarea",
    TFOOT = "tfoot",
    TH = "th",
    THEAD = "thead",
    TITLE = "title",
    TR = "tr",
    TRACK = "track",
    TT = "tt",
    U = "u",
    UL = "ul",
    VAR = "var",
    WBR = "wbr",
    XMP = "xmp",
}

/// The names that a document makes up, so that two of its elements can be compared by number.
#[derive(Default)]
pub(super) struct Names(BTreeMap<Box<[u8]>, Name>);

impl Names {
    /// The number of a name in lower case.
    pub(super) fn name(&mut self, text: &[u8]) -> Name {
        if let Ok(index) = KNOWN.binary_search_by(|known| known.as_bytes().cmp(text)) {
            return Name(index as u32);
        }
        if let Some(name) = self.0.get(text) {
            return *name;
        }
        let name = Name((KNOWN.len() + self.0.len()) as u32);
        self.0.insert(text.into(), name);
        name
    }
}

/// What `<b>`, `<font>` and their like have in common: the list of active formatting elements is of these.
pub(super) fn is_formatting(name: Name) -> bool {
    matches!(
        name,
        A | B | BIG | CODE | EM | FONT | I | NOBR | S | SMALL | STRIKE | STRONG | TT | U
    )
}

/// Headings.
pub(super) fn is_heading(name: Name) -> bool {
    matches!(name, H1 | H2 | H3 | H4 | H5 | H6)
}

/// Blocks that begin and end without more ado, but for closing a paragraph.
pub(super) fn is_plain_block(name: Name) -> bool {
    matches!(
        name,
        ADDRESS
            | ARTICLE
            | ASIDE
            | BLOCKQUOTE
            | CENTER
            | DETAILS
            | DIALOG
            | DIR
            | DIV
            | DL
            | FIELDSET
            | FIGCAPTION
            | FIGURE
            | FOOTER
            | HEADER
            | HGROUP
            | MAIN
            | MENU
            | NAV
            | OL
            | SEARCH
            | SECTION
            | SUMMARY
            | UL
    )
}

/// Elements whose end tags may be left out.
pub(super) fn has_implied_end(name: Name) -> bool {
    matches!(name, DD | DT | LI | OPTGROUP | OPTION | P | RB | RP | RT | RTC)
}

/// The same, and the parts of tables.
pub(super) fn has_thoroughly_implied_end(name: Name) -> bool {
    has_implied_end(name) || matches!(name, CAPTION | COLGROUP | TBODY | TD | TFOOT | TH | THEAD | TR)
}

/// HTML elements of the category "special".
pub(super) fn is_special(name: Name) -> bool {
    is_plain_block(name) && name != DIALOG
        || is_heading(name)
        || matches!(
            name,
            APPLET
                | AREA
                | BASE
                | BASEFONT
                | BGSOUND
                | BODY
                | BR
                | BUTTON
                | CAPTION
                | COL
                | COLGROUP
                | DD
                | DT
                | EMBED
                | FORM
                | FRAME
                | FRAMESET
                | HEAD
                | HR
                | HTML
                | IFRAME
                | IMG
                | INPUT
                | KEYGEN
                | LI
                | LINK
                | LISTING
                | MARQUEE
                | META
                | NOEMBED
                | NOFRAMES
                | NOSCRIPT
                | OBJECT
                | P
                | PARAM
                | PLAINTEXT
                | PRE
                | SCRIPT
                | SELECT
                | SOURCE
                | STYLE
                | TABLE
                | TBODY
                | TD
                | TEMPLATE
                | TEXTAREA
                | TFOOT
                | TH
                | THEAD
                | TITLE
                | TR
                | TRACK
                | WBR
                | XMP
        )
}

/// HTML elements that bound every scope but a table's.
pub(super) fn bounds_scope(name: Name) -> bool {
    matches!(
        name,
        APPLET | CAPTION | HTML | MARQUEE | OBJECT | SELECT | TABLE | TD | TEMPLATE | TH
    )
}

/// Start tags that never stand in foreign content; `<font>` is one of them by its attributes.
pub(super) fn breaks_out_of_foreign(name: Name) -> bool {
    is_heading(name)
        || matches!(
            name,
            B | BIG
                | BLOCKQUOTE
                | BODY
                | BR
                | CENTER
                | CODE
                | DD
                | DIV
                | DL
                | DT
                | EM
                | EMBED
                | HEAD
                | HR
                | I
                | IMG
                | LI
                | LISTING
                | MENU
                | META
                | NOBR
                | OL
                | P
                | PRE
                | RUBY
                | S
                | SMALL
                | SPAN
                | STRIKE
                | STRONG
                | SUB
                | SUP
                | TABLE
                | TT
                | U
                | UL
                | VAR
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_and_made_up() {
        assert!(KNOWN.is_sorted());
        let mut names = Names::default();
        assert_eq!(
            [names.name(b"a"), names.name(b"base"), names.name(b"xmp")],
            [A, BASE, XMP]
        );
        let (x, y) = (names.name(b"x-a"), names.name(b"\xff"));
        assert_ne!(x, y);
        assert_eq!((names.name(b"x-a"), names.name(b"\xff")), (x, y));
        assert!(x != A && x != XMP);
    }
}
