//! The tokenizer's output, as far as tree construction needs it, and where in the document its tokens end.
//!
//! html5gum reads the document through [`Counted`], so that the position at a token's end is exact by construction: it is
//! the number of bytes that have been read when the token is complete.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::mem::take;

use html5gum::{Emitter, Error, Reader, State};

use super::Head;
use super::names::*;
use super::rules::Builder;

/// A start tag.
pub(super) struct StartTag {
    pub(super) name: Name,
    pub(super) self_closing: bool,
    /// The `href` of a `<base>`.
    pub(super) href: Option<String>,
    /// Whether it is an `<input type="hidden">`.
    pub(super) hidden: bool,
    /// Whether it is an `<annotation-xml>` whose encoding is that of HTML.
    pub(super) holds_html: bool,
    /// Whether it is a `<font>` with an attribute that SVG's has not.
    pub(super) styles_font: bool,
    /// Stands for all attributes of a formatting element: equal where they are equal.
    pub(super) attributes: u64,
}

impl StartTag {
    /// A tag without attributes.
    pub(super) fn plain(name: Name) -> Self {
        Self {
            name,
            self_closing: false,
            href: None,
            hidden: false,
            holds_html: false,
            styles_font: false,
            attributes: 0,
        }
    }
}

/// A reader of a document that counts what it has read.
pub(super) struct Counted<'d> {
    rest: &'d [u8],
    position: &'d Cell<usize>,
}

impl<'d> Counted<'d> {
    /// Reads a document; `position` is the number of bytes that were read.
    pub(super) fn new(document: &'d str, position: &'d Cell<usize>) -> Self {
        let rest = document.as_bytes();
        position.set(0);
        Self { rest, position }
    }

    fn take(&mut self, count: usize) -> &'d [u8] {
        let (taken, rest) = self.rest.split_at(count.min(self.rest.len()));
        self.rest = rest;
        self.position.set(self.position.get() + taken.len());
        taken
    }
}

impl Reader for Counted<'_> {
    type Error = Infallible;

    fn read_byte(&mut self) -> Result<Option<u8>, Infallible> {
        Ok(self.take(1).first().copied())
    }

    fn try_read_string(&mut self, text: &[u8], case_sensitive: bool) -> Result<bool, Infallible> {
        let found = self
            .rest
            .get(..text.len())
            .is_some_and(|next| next == text || !case_sensitive && next.eq_ignore_ascii_case(text));
        if found {
            self.take(text.len());
        }
        Ok(found)
    }

    fn read_until<'b>(&'b mut self, needle: &[u8], _: &'b mut [u8; 4]) -> Result<Option<&'b [u8]>, Infallible> {
        let end = self.rest.iter().position(|byte| needle.contains(byte));
        let count = match end {
            Some(0) => 1,
            Some(end) => end,
            None => self.rest.len(),
        };
        let taken = self.take(count);
        Ok((!taken.is_empty()).then_some(taken))
    }
}

#[derive(Default, PartialEq, Eq)]
enum Current {
    #[default]
    Other,
    StartTag,
    EndTag,
}

/// Collects tokens and hands them to the builder.
pub(super) struct Tokens<'d> {
    builder: Builder<'d>,
    position: &'d Cell<usize>,
    names: Names,
    current: Current,
    self_closing: bool,
    tag_name: Vec<u8>,
    last_start_tag: Vec<u8>,
    /// Of the current start tag, as far as it is complete.
    tag: Option<StartTag>,
    attribute_name: Vec<u8>,
    attribute_value: Vec<u8>,
    /// The attributes that the tag has, where all of them count.
    seen: BTreeSet<Box<[u8]>>,
    wants_type: bool,
    wants_encoding: bool,
}

impl<'d> Tokens<'d> {
    /// Tokens for a builder, read by a [`Counted`] with the same position.
    pub(super) fn new(builder: Builder<'d>, position: &'d Cell<usize>) -> Self {
        Self {
            builder,
            position,
            names: Names::default(),
            current: Current::Other,
            self_closing: false,
            tag_name: Vec::new(),
            last_start_tag: Vec::new(),
            tag: None,
            attribute_name: Vec::new(),
            attribute_value: Vec::new(),
            seen: BTreeSet::new(),
            wants_type: false,
            wants_encoding: false,
        }
    }

    /// The tag's name is complete.
    fn open_tag(&mut self) -> &mut StartTag {
        let (names, text) = (&mut self.names, &self.tag_name);
        self.tag.get_or_insert_with(|| {
            let name = names.name(text);
            self.wants_type = name == INPUT;
            self.wants_encoding = name == ANNOTATION_XML;
            StartTag::plain(name)
        })
    }

    /// The attribute, if there is one, is complete. Of two of one name, the first counts.
    fn close_attribute(&mut self) {
        if self.current != Current::StartTag {
            return;
        }
        let formatting = is_formatting(self.open_tag().name);
        if self.attribute_name.is_empty() {
            return;
        }
        let (name, value) = (take(&mut self.attribute_name), take(&mut self.attribute_value));
        let Some(tag) = &mut self.tag else {
            return;
        };
        match name.as_slice() {
            b"href" if tag.name == BASE && tag.href.is_none() => {
                tag.href = Some(String::from_utf8_lossy(&value).into_owned());
            }
            b"type" if take(&mut self.wants_type) => {
                tag.hidden = value.eq_ignore_ascii_case(b"hidden");
            }
            b"encoding" if take(&mut self.wants_encoding) => {
                tag.holds_html =
                    value.eq_ignore_ascii_case(b"text/html") || value.eq_ignore_ascii_case(b"application/xhtml+xml");
            }
            b"color" | b"face" | b"size" if tag.name == FONT => tag.styles_font = true,
            _ => {}
        }
        if formatting {
            let mut hasher = DefaultHasher::new();
            (&name, &value).hash(&mut hasher);
            if self.seen.insert(name.into_boxed_slice()) {
                // The order of attributes does not count.
                tag.attributes = tag.attributes.wrapping_add(hasher.finish());
            }
        } else {
            // The buffers serve the next attribute.
            (self.attribute_name, self.attribute_value) = (name, value);
            self.attribute_name.clear();
            self.attribute_value.clear();
        }
    }

    fn wants_value(&self) -> bool {
        self.tag
            .as_ref()
            .is_some_and(|tag| is_formatting(tag.name) || matches!(tag.name, BASE | INPUT | ANNOTATION_XML))
    }
}

impl Emitter for Tokens<'_> {
    /// There is one, when nothing that follows matters.
    type Token = Head;

    fn pop_token(&mut self) -> Option<Head> {
        self.builder.outcome()
    }

    fn should_emit_errors(&mut self) -> bool {
        false
    }

    fn emit_error(&mut self, _: Error) {}

    fn emit_eof(&mut self) {
        self.builder.end(self.position.get());
    }

    fn emit_string(&mut self, text: &[u8]) {
        self.builder.text(text);
    }

    fn init_start_tag(&mut self) {
        self.current = Current::StartTag;
        self.self_closing = false;
        self.tag_name.clear();
        self.tag = None;
        self.seen.clear();
        self.attribute_name.clear();
        self.attribute_value.clear();
    }

    fn init_end_tag(&mut self) {
        self.init_start_tag();
        self.current = Current::EndTag;
    }

    fn push_tag_name(&mut self, text: &[u8]) {
        self.tag_name.extend_from_slice(text);
    }

    fn init_attribute(&mut self) {
        self.close_attribute();
    }

    fn push_attribute_name(&mut self, text: &[u8]) {
        if self.current == Current::StartTag {
            self.attribute_name.extend_from_slice(text);
        }
    }

    fn push_attribute_value(&mut self, text: &[u8]) {
        if self.current == Current::StartTag && self.wants_value() {
            self.attribute_value.extend_from_slice(text);
        }
    }

    fn set_self_closing(&mut self) {
        self.self_closing = true;
    }

    fn emit_current_tag(&mut self) -> Option<State> {
        self.close_attribute();
        let position = self.position.get();
        match take(&mut self.current) {
            Current::StartTag => {
                let mut tag = self.tag.take()?;
                tag.self_closing = self.self_closing;
                self.last_start_tag.clone_from(&self.tag_name);
                self.builder.start_tag(&tag, position)
            }
            Current::EndTag => {
                let name = self.names.name(&self.tag_name);
                self.builder.end_tag(name, position);
                None
            }
            Current::Other => None,
        }
    }

    fn current_is_appropriate_end_tag_token(&mut self) -> bool {
        self.current == Current::EndTag && !self.tag_name.is_empty() && self.tag_name == self.last_start_tag
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&mut self) -> bool {
        self.builder.is_in_foreign_content()
    }

    fn init_comment(&mut self) {
        self.current = Current::Other;
    }

    fn emit_current_comment(&mut self) {
        self.builder.comment(self.position.get());
    }

    fn init_doctype(&mut self) {
        self.current = Current::Other;
    }

    fn emit_current_doctype(&mut self) {
        self.builder.comment(self.position.get());
    }

    fn set_last_start_tag(&mut self, name: Option<&[u8]>) {
        self.last_start_tag = name.unwrap_or_default().to_vec();
    }

    fn set_force_quirks(&mut self) {}

    fn push_comment(&mut self, _: &[u8]) {}

    fn push_doctype_name(&mut self, _: &[u8]) {}

    fn set_doctype_public_identifier(&mut self, _: &[u8]) {}

    fn set_doctype_system_identifier(&mut self, _: &[u8]) {}

    fn push_doctype_public_identifier(&mut self, _: &[u8]) {}

    fn push_doctype_system_identifier(&mut self, _: &[u8]) {}
}
