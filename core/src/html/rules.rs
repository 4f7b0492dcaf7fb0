//! The insertion modes of the HTML Standard's tree construction, with scripting enabled: for each token, what it does to
//! the [`Tree`] and to the tokenizer. The body has a file of its own, and so have tables and foreign content.
//!
//! Rules are left out where they neither move the insertion point nor decide whether a base element is in the document:
//! comments after the head has begun, merged attributes, quirks, form owners.

use html5gum::State;

use super::Head;
use super::foreign::is_foreign;
use super::names::*;
use super::prelude::Prelude;
use super::tokens::StartTag;
use super::tree::Tree;

/// The insertion modes, as far as they differ here. The first three are one: [`Prelude`] is their state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    BeforeHead,
    InHead,
    AfterHead,
    InBody,
    Text,
    InTable,
    InCaption,
    InColumnGroup,
    InTableBody,
    InRow,
    InCell,
    InTemplate,
    AfterBody,
}

/// Characters as the rules tell them apart.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Characters {
    Whitespace,
    Null,
    Other,
}

impl Characters {
    fn of(byte: u8) -> Self {
        match byte {
            b'\t' | b'\n' | 0x0c | b'\r' | b' ' => Self::Whitespace,
            0 => Self::Null,
            _ => Self::Other,
        }
    }
}

/// A token to be processed.
#[derive(Clone, Copy)]
pub(super) enum Token<'t> {
    Start(&'t StartTag),
    End(Name),
    Characters(Characters),
}

/// Processes tokens.
pub(super) struct Builder<'d> {
    pub(super) prelude: Prelude<'d>,
    pub(super) tree: Tree,
    pub(super) mode: Mode,
    original_mode: Mode,
    pub(super) template_modes: Vec<Mode>,
    /// The form element pointer: an id.
    pub(super) form: Option<u32>,
    pub(super) ignore_line_feed: bool,
    pub(super) next_state: Option<State>,
}

impl<'d> Builder<'d> {
    /// A builder at the beginning of a document.
    pub(super) fn new(document: &'d str) -> Self {
        Self {
            prelude: Prelude::new(document),
            tree: Tree::new(document.len()),
            mode: Mode::BeforeHead,
            original_mode: Mode::InBody,
            template_modes: Vec::new(),
            form: None,
            ignore_line_feed: false,
            next_state: None,
        }
    }

    /// What was found, once nothing that follows matters.
    pub(super) fn outcome(&mut self) -> Option<Head> {
        let done = self.tree.is_stopped() || self.tree.is_settled();
        if self.mode == Mode::BeforeHead || !done {
            return None;
        }
        let (offset, closing) = self.prelude.outcome();
        Some(Head {
            offset,
            closing,
            own_base: self.tree.take_base(),
        })
    }

    pub(super) fn is_in_foreign_content(&self) -> bool {
        self.tree.current().is_some_and(|element| !element.is_html())
    }

    // What the tokenizer sends. A position is where the token ends.

    pub(super) fn comment(&mut self, position: usize) {
        self.ignore_line_feed = false;
        if self.mode == Mode::BeforeHead {
            self.prelude.pass(position, true);
        }
    }

    pub(super) fn end(&mut self, position: usize) {
        if self.mode == Mode::BeforeHead {
            self.prelude.close_at_end(position);
            self.begin_head();
        }
        self.tree.stop();
    }

    pub(super) fn start_tag(&mut self, tag: &StartTag, position: usize) -> Option<State> {
        self.ignore_line_feed = false;
        if self.mode == Mode::BeforeHead {
            match tag.name {
                HTML => self.prelude.pass(position, false),
                HEAD => {
                    self.prelude.settle(position);
                    self.begin_head();
                }
                _ => {
                    self.prelude.settle_before();
                    self.begin_head();
                    self.process(Token::Start(tag));
                }
            }
        } else {
            self.process(Token::Start(tag));
        }
        self.next_state.take()
    }

    pub(super) fn end_tag(&mut self, name: Name, position: usize) {
        self.ignore_line_feed = false;
        if self.mode == Mode::BeforeHead {
            if !matches!(name, HEAD | BODY | HTML | BR) {
                return self.prelude.pass(position, false);
            }
            self.prelude.settle_before();
            self.begin_head();
        }
        self.process(Token::End(name));
    }

    pub(super) fn text(&mut self, mut text: &[u8]) {
        if std::mem::take(&mut self.ignore_line_feed) {
            text = text.strip_prefix(b"\n").unwrap_or(text);
        }
        if self.mode == Mode::BeforeHead {
            let Some(end) = text
                .iter()
                .position(|byte| Characters::of(*byte) != Characters::Whitespace)
            else {
                return;
            };
            text = text.get(end..).unwrap_or_default();
            self.prelude.settle_before();
            self.begin_head();
        }
        while let Some(first) = text.first() {
            let characters = Characters::of(*first);
            if self.mode == Mode::Text || self.tree.is_stopped() {
                return;
            }
            // What follows a word in the body changes nothing.
            if characters == Characters::Other && self.takes_text_whole() {
                return self.process(Token::Characters(characters));
            }
            self.process(Token::Characters(characters));
            let end = text.iter().position(|byte| Characters::of(*byte) != characters);
            text = end.and_then(|end| text.get(end..)).unwrap_or_default();
        }
    }

    fn takes_text_whole(&self) -> bool {
        matches!(
            self.mode,
            Mode::InBody | Mode::InCaption | Mode::InCell | Mode::InTemplate
        )
    }

    fn begin_head(&mut self) {
        self.tree.insert(HTML);
        self.tree.insert(HEAD);
        self.mode = Mode::InHead;
    }

    // Dispatch.

    /// Processes a token by the rules of the current insertion mode, or of foreign content.
    pub(super) fn process(&mut self, token: Token<'_>) {
        if self.tree.is_stopped() {
            return;
        }
        match self.tree.current() {
            Some(current) if is_foreign(current, token) => self.foreign(token),
            _ => self.process_in(self.mode, token),
        }
    }

    /// Processes a token again, in another insertion mode.
    pub(super) fn reprocess_in(&mut self, mode: Mode, token: Token<'_>) {
        self.mode = mode;
        self.process(token);
    }

    /// Processes a token using the rules of a mode.
    pub(super) fn process_in(&mut self, mode: Mode, token: Token<'_>) {
        match mode {
            // The head begins before anything is processed.
            Mode::BeforeHead => {}
            Mode::InHead => self.in_head(token),
            Mode::AfterHead => self.after_head(token),
            Mode::InBody => self.in_body(token),
            Mode::Text => self.text_mode(token),
            Mode::InTable => self.in_table(token),
            Mode::InCaption => self.in_caption(token),
            Mode::InColumnGroup => self.in_column_group(token),
            Mode::InTableBody => self.in_table_body(token),
            Mode::InRow => self.in_row(token),
            Mode::InCell => self.in_cell(token),
            Mode::InTemplate => self.in_template(token),
            Mode::AfterBody => self.after_body(token),
        }
    }

    /// "Reset the insertion mode appropriately".
    pub(super) fn reset_mode(&mut self) {
        let mut steps = 0;
        let mut mode = Mode::InBody;
        for (index, element) in self.tree.stack.iter().enumerate().rev() {
            steps += 1;
            if !element.is_html() {
                continue;
            }
            mode = match element.name {
                TD | TH => Mode::InCell,
                TR => Mode::InRow,
                TBODY | THEAD | TFOOT => Mode::InTableBody,
                CAPTION => Mode::InCaption,
                COLGROUP => Mode::InColumnGroup,
                TABLE => Mode::InTable,
                TEMPLATE => self.template_modes.last().copied().unwrap_or(Mode::InTemplate),
                HEAD => Mode::InHead,
                BODY => Mode::InBody,
                HTML if index == 0 => Mode::AfterHead,
                _ => continue,
            };
            break;
        }
        self.tree.spend(steps);
        self.mode = mode;
    }

    pub(super) fn raw_text(&mut self, name: Name, state: State) {
        self.tree.insert(name);
        self.original_mode = self.mode;
        self.mode = Mode::Text;
        self.next_state = Some(state);
    }

    fn text_mode(&mut self, token: Token<'_>) {
        if let Token::End(_) = token {
            self.tree.pop();
            self.mode = self.original_mode;
        }
    }

    // The modes in the order of the standard.

    pub(super) fn in_head(&mut self, token: Token<'_>) {
        match token {
            Token::Characters(Characters::Whitespace) => {}
            Token::Start(tag) => match tag.name {
                HTML | HEAD => {}
                BASE => {
                    if let Some(href) = &tag.href {
                        self.tree.insert_base(href);
                    }
                }
                BASEFONT | BGSOUND | LINK | META => {}
                TITLE => self.raw_text(TITLE, State::RcData),
                NOSCRIPT | NOFRAMES | STYLE => self.raw_text(tag.name, State::RawText),
                SCRIPT => self.raw_text(SCRIPT, State::ScriptData),
                TEMPLATE => {
                    self.tree.push_marker();
                    self.tree.frameset_ok = false;
                    self.mode = Mode::InTemplate;
                    self.template_modes.push(Mode::InTemplate);
                    self.tree.insert(TEMPLATE);
                }
                _ => self.leave_head(token),
            },
            Token::End(HEAD) => {
                self.tree.pop();
                self.mode = Mode::AfterHead;
            }
            Token::End(TEMPLATE) => {
                if self.tree.templates > 0 {
                    self.tree.generate_implied_end_tags_thoroughly();
                    self.tree.pop_until(|name| name == TEMPLATE);
                    self.tree.clear_to_marker();
                    self.template_modes.pop();
                    self.reset_mode();
                }
            }
            Token::End(BODY | HTML | BR) | Token::Characters(_) => self.leave_head(token),
            Token::End(_) => {}
        }
    }

    fn leave_head(&mut self, token: Token<'_>) {
        self.tree.pop();
        self.reprocess_in(Mode::AfterHead, token);
    }

    fn after_head(&mut self, token: Token<'_>) {
        match token {
            Token::Characters(Characters::Whitespace) => {}
            Token::Start(tag) => match tag.name {
                HTML | HEAD => {}
                BODY => {
                    self.tree.insert(BODY);
                    self.tree.frameset_ok = false;
                    self.mode = Mode::InBody;
                }
                FRAMESET => self.tree.replace_body(),
                // These go to the head, which is closed: nothing here depends on its being in the stack meanwhile.
                BASE | BASEFONT | BGSOUND | LINK | META | NOFRAMES | SCRIPT | STYLE | TEMPLATE | TITLE => {
                    self.in_head(token);
                }
                _ => self.begin_body(token),
            },
            Token::End(TEMPLATE) => self.in_head(token),
            Token::End(BODY | HTML | BR) | Token::Characters(_) => self.begin_body(token),
            Token::End(_) => {}
        }
    }

    fn begin_body(&mut self, token: Token<'_>) {
        self.tree.insert(BODY);
        self.reprocess_in(Mode::InBody, token);
    }

    fn after_body(&mut self, token: Token<'_>) {
        match token {
            Token::Characters(Characters::Whitespace) => self.in_body(token),
            Token::Start(tag) if tag.name == HTML => {}
            // After this comes "after after body", which differs from "after body" in where comments go.
            Token::End(HTML) => {}
            _ => self.reprocess_in(Mode::InBody, token),
        }
    }

    fn in_template(&mut self, token: Token<'_>) {
        match token {
            Token::Characters(_) => self.in_body(token),
            Token::Start(tag) => {
                let mode = match tag.name {
                    BASE | BASEFONT | BGSOUND | LINK | META | NOFRAMES | SCRIPT | STYLE | TEMPLATE | TITLE => {
                        return self.in_head(token);
                    }
                    CAPTION | COLGROUP | TBODY | TFOOT | THEAD => Mode::InTable,
                    COL => Mode::InColumnGroup,
                    TR => Mode::InTableBody,
                    TD | TH => Mode::InRow,
                    _ => Mode::InBody,
                };
                if let Some(last) = self.template_modes.last_mut() {
                    *last = mode;
                }
                self.reprocess_in(mode, token);
            }
            Token::End(TEMPLATE) => self.in_head(token),
            Token::End(_) => {}
        }
    }
}
