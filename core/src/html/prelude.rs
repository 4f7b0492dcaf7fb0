//! What stands before the head, and so where the head begins: the insertion point.
//!
//! Whatever a document does, the point is right after a comment, a doctype or a tag that the tokenizer has finished, with
//! nothing but whitespace in between: never inside of anything.

/// The part of a document before its head.
pub(super) struct Prelude<'d> {
    document: &'d str,
    /// The end of the last token that is not text.
    end: usize,
    /// Where the last comment or doctype begins, if no tag follows it.
    comment: Option<usize>,
    offset: usize,
    closing: &'static str,
}

impl<'d> Prelude<'d> {
    pub(super) fn new(document: &'d str) -> Self {
        Self {
            document,
            end: 0,
            comment: None,
            offset: 0,
            closing: "",
        }
    }

    /// Passes over a token that ends at a position.
    pub(super) fn pass(&mut self, position: usize, is_comment: bool) {
        self.comment = is_comment.then(|| self.after_whitespace());
        self.end = position;
    }

    /// Puts the insertion point at a position.
    pub(super) fn settle(&mut self, position: usize) {
        self.offset = position;
    }

    /// Puts the insertion point before the token that implies the head.
    pub(super) fn settle_before(&mut self) {
        self.offset = self.after_whitespace();
    }

    /// Puts the insertion point where the document ends: before a tag that its end cuts off, which is then none, or behind
    /// a comment or doctype that the end closes, which must be closed another way then.
    pub(super) fn close_at_end(&mut self, length: usize) {
        self.settle_before();
        if let Some(start) = self.comment
            && self.end == length
        {
            self.closing = closing(self.document.get(start..).unwrap_or_default());
        }
    }

    /// The insertion point, and what to write there first.
    pub(super) fn outcome(&self) -> (usize, &'static str) {
        (self.offset, self.closing)
    }

    /// The end of the whitespace that follows the last token.
    fn after_whitespace(&self) -> usize {
        let mut rest = self.document.get(self.end..).unwrap_or_default();
        while let Some(next) = strip_whitespace(rest) {
            rest = next;
        }
        self.document.len() - rest.len()
    }
}

/// What follows a whitespace character, which may be written as a character reference, or an end tag without a name, which
/// is nothing at all.
fn strip_whitespace(text: &str) -> Option<&str> {
    if let Some(rest) = text.strip_prefix("</>") {
        return Some(rest);
    }
    let Some(reference) = text.strip_prefix('&') else {
        return text.strip_prefix(['\t', '\n', '\u{c}', '\r', ' ']);
    };
    for name in ["Tab;", "NewLine;"] {
        if let Some(rest) = reference.strip_prefix(name) {
            return Some(rest);
        }
    }
    let number = reference.strip_prefix('#')?;
    let (digits, radix) = match number.strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 16),
        None => (number, 10),
    };
    let end = digits.find(|char: char| !char.is_digit(radix)).unwrap_or(digits.len());
    let value = u32::from_str_radix(digits.get(..end)?, radix).ok()?;
    let rest = digits.get(end..)?;
    matches!(value, 9 | 10 | 12 | 13 | 32).then(|| rest.strip_prefix(';').unwrap_or(rest))
}

/// What closes a comment or doctype that the document's end would close, so that it means the same.
///
/// One thing cannot be said in another way: a doctype that ends after its system identifier means quirks by its end alone.
fn closing(token: &str) -> &'static str {
    if let Some(comment) = token.strip_prefix("<!--") {
        return match comment {
            ">" | "->" => "",
            _ if comment.ends_with("-->") || comment.ends_with("--!>") => "",
            _ if comment.ends_with("--") || comment.ends_with("--!") => ">",
            _ if comment.ends_with('-') => "->",
            _ => "-->",
        };
    }
    if token.ends_with('>') {
        return "";
    }
    const DOCTYPE: &str = "<!doctype";
    match token.split_at_checked(DOCTYPE.len()) {
        Some((start, doctype)) if start.eq_ignore_ascii_case(DOCTYPE) => close_doctype(doctype),
        _ => ">",
    }
}

/// What closes a doctype that has not ended: `>`, which in a quoted identifier or before the name means the same as the
/// document's end, or something that does not belong there first, which means quirks as well.
fn close_doctype(doctype: &str) -> &'static str {
    const SPACE: [char; 5] = ['\t', '\n', '\u{c}', '\r', ' '];
    const BOGUS: &str = " ->";
    let text = doctype.trim_start_matches(SPACE);
    if text.is_empty() {
        return ">";
    }
    let Some((_, rest)) = text.split_once(SPACE) else {
        return BOGUS;
    };
    let Some((keyword, rest)) = rest.trim_start_matches(SPACE).split_at_checked("PUBLIC".len()) else {
        return BOGUS;
    };
    let identifiers = if keyword.eq_ignore_ascii_case("PUBLIC") {
        2
    } else if keyword.eq_ignore_ascii_case("SYSTEM") {
        1
    } else {
        return BOGUS;
    };
    let mut rest = rest;
    for _ in 0..identifiers {
        rest = rest.trim_start_matches(SPACE);
        let Some(quote) = rest.chars().next().filter(|char| matches!(char, '"' | '\'')) else {
            return BOGUS;
        };
        match rest.get(1..).and_then(|inside| inside.split_once(quote)) {
            Some((_, after)) => rest = after,
            None => return ">",
        }
    }
    BOGUS
}
