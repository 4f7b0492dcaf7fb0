//! The insertion mode "in body", which most of a document is in.

use html5gum::State;

use super::names::*;
use super::rules::{Builder, Characters, Mode, Token};
use super::tokens::StartTag;
use super::tree::Scope;

impl Builder<'_> {
    pub(super) fn in_body(&mut self, token: Token<'_>) {
        match token {
            Token::Characters(Characters::Null) => {}
            Token::Characters(Characters::Whitespace) => self.tree.reconstruct_formatting(),
            Token::Characters(Characters::Other) => {
                self.tree.reconstruct_formatting();
                self.tree.frameset_ok = false;
            }
            Token::Start(tag) => self.start_in_body(tag),
            Token::End(name) => self.end_in_body(name),
        }
    }

    fn start_in_body(&mut self, tag: &StartTag) {
        let name = tag.name;
        let tree = &mut self.tree;
        match name {
            HTML => {}
            BASE | BASEFONT | BGSOUND | LINK | META | NOFRAMES | NOSCRIPT | SCRIPT | STYLE | TEMPLATE | TITLE => {
                self.in_head(Token::Start(tag));
            }
            BODY => {
                if tree.has_body() && tree.templates == 0 {
                    tree.frameset_ok = false;
                }
            }
            FRAMESET => {
                if tree.has_body() && tree.frameset_ok {
                    tree.replace_body();
                }
            }
            _ if is_plain_block(name) || name == P => {
                tree.close_p();
                tree.insert(name);
            }
            _ if is_heading(name) => {
                tree.close_p();
                if tree.current_is_in(is_heading) {
                    tree.pop();
                }
                tree.insert(name);
            }
            PRE | LISTING => {
                tree.close_p();
                tree.insert(name);
                tree.frameset_ok = false;
                self.ignore_line_feed = true;
            }
            FORM => {
                if self.form.is_none() || tree.templates > 0 {
                    tree.close_p();
                    let form = tree.insert(FORM);
                    if tree.templates == 0 {
                        self.form = Some(form.id);
                    }
                }
            }
            LI | DD | DT => {
                tree.frameset_ok = false;
                self.close_item(name);
                self.tree.close_p();
                self.tree.insert(name);
            }
            PLAINTEXT => {
                tree.close_p();
                tree.insert(name);
                self.next_state = Some(State::PlainText);
            }
            BUTTON => {
                if tree.in_scope(Scope::Default, BUTTON) {
                    tree.pop_until(|name| name == BUTTON);
                }
                tree.reconstruct_formatting();
                tree.insert(name);
                tree.frameset_ok = false;
            }
            A => {
                if let Some((_, id)) = tree.formatting_named(A) {
                    tree.adopt(A);
                    if let Some(index) = tree.formatting_position(id) {
                        tree.remove_formatting(index);
                    }
                    tree.remove(id);
                }
                self.start_formatting(tag);
            }
            NOBR => {
                tree.reconstruct_formatting();
                if tree.in_scope(Scope::Default, NOBR) {
                    tree.adopt(NOBR);
                }
                self.start_formatting(tag);
            }
            _ if is_formatting(name) => self.start_formatting(tag),
            APPLET | MARQUEE | OBJECT => {
                tree.reconstruct_formatting();
                tree.insert(name);
                tree.push_marker();
                tree.frameset_ok = false;
            }
            TABLE => {
                // In quirks mode a paragraph would stay open around the table. No document by `srcdoc` is in it; where
                // one that is served is, this matters to a base behind a misnested tag in SVG in front of the table.
                tree.close_p();
                tree.insert(TABLE);
                tree.frameset_ok = false;
                self.mode = Mode::InTable;
            }
            AREA | BR | EMBED | IMAGE | IMG | KEYGEN | WBR => {
                tree.reconstruct_formatting();
                tree.frameset_ok = false;
            }
            INPUT => {
                if tree.in_scope(Scope::Default, SELECT) {
                    tree.pop_until(|name| name == SELECT);
                }
                tree.reconstruct_formatting();
                tree.frameset_ok &= tag.hidden;
            }
            PARAM | SOURCE | TRACK => {}
            HR => {
                tree.close_p();
                if tree.in_scope(Scope::Default, SELECT) {
                    tree.generate_implied_end_tags(None);
                }
                tree.frameset_ok = false;
            }
            TEXTAREA => {
                tree.frameset_ok = false;
                self.raw_text(name, State::RcData);
            }
            XMP => {
                tree.close_p();
                tree.reconstruct_formatting();
                tree.frameset_ok = false;
                self.raw_text(name, State::RawText);
            }
            IFRAME => {
                tree.frameset_ok = false;
                self.raw_text(name, State::RawText);
            }
            NOEMBED => self.raw_text(name, State::RawText),
            SELECT => {
                if tree.in_scope(Scope::Default, SELECT) {
                    tree.pop_until(|name| name == SELECT);
                } else {
                    tree.reconstruct_formatting();
                    tree.insert(name);
                    tree.frameset_ok = false;
                }
            }
            OPTGROUP | OPTION => {
                if tree.in_scope(Scope::Default, SELECT) {
                    tree.generate_implied_end_tags((name == OPTION).then_some(OPTGROUP));
                } else if tree.current_is(OPTION) {
                    tree.pop();
                }
                tree.reconstruct_formatting();
                tree.insert(name);
            }
            RB | RTC | RP | RT => {
                if tree.in_scope(Scope::Default, RUBY) {
                    tree.generate_implied_end_tags(matches!(name, RP | RT).then_some(RTC));
                }
                tree.insert(name);
            }
            MATH | SVG => {
                tree.reconstruct_formatting();
                let namespace = if name == MATH {
                    Namespace::MathMl
                } else {
                    Namespace::Svg
                };
                self.insert_foreign(tag, namespace);
            }
            CAPTION | COL | COLGROUP | FRAME | HEAD | TBODY | TD | TFOOT | TH | THEAD | TR => {}
            _ => {
                tree.reconstruct_formatting();
                tree.insert(name);
            }
        }
    }

    fn start_formatting(&mut self, tag: &StartTag) {
        self.tree.reconstruct_formatting();
        let element = self.tree.insert(tag.name);
        self.tree.push_formatting(element, tag.attributes);
    }

    /// Closes the list item that another one follows.
    fn close_item(&mut self, name: Name) {
        let mut steps = 0;
        let mut found = None;
        for (index, element) in self.tree.stack.iter().enumerate().rev() {
            steps += 1;
            if element.is_in(|other| other == name || name != LI && matches!(other, DD | DT)) {
                found = Some(index);
                break;
            }
            if element.is_special() && !element.is_in(|name| matches!(name, ADDRESS | DIV | P)) {
                break;
            }
        }
        self.tree.spend(steps);
        if let Some(index) = found {
            self.tree.truncate(index);
        }
    }

    fn end_in_body(&mut self, name: Name) {
        let tree = &mut self.tree;
        match name {
            TEMPLATE => self.in_head(Token::End(name)),
            BODY | HTML => {
                if tree.in_scope(Scope::Default, BODY) {
                    self.mode = Mode::AfterBody;
                }
            }
            _ if is_plain_block(name) || matches!(name, BUTTON | LISTING | PRE | SELECT) => {
                if tree.in_scope(Scope::Default, name) {
                    tree.pop_until(|other| other == name);
                }
            }
            FORM => self.end_form(),
            P => tree.close_p(),
            LI | DD | DT => {
                let scope = if name == LI { Scope::ListItem } else { Scope::Default };
                if tree.in_scope(scope, name) {
                    tree.pop_until(|other| other == name);
                }
            }
            _ if is_heading(name) => {
                if tree.in_scope_where(Scope::Default, |element| element.is_in(is_heading)) {
                    tree.pop_until(is_heading);
                }
            }
            _ if is_formatting(name) => tree.adopt(name),
            APPLET | MARQUEE | OBJECT => {
                if tree.in_scope(Scope::Default, name) {
                    tree.pop_until(|other| other == name);
                    tree.clear_to_marker();
                }
            }
            BR => self.start_in_body(&StartTag::plain(BR)),
            _ => tree.close_any(name),
        }
    }

    fn end_form(&mut self) {
        let tree = &mut self.tree;
        if tree.templates > 0 {
            if tree.in_scope(Scope::Default, FORM) {
                tree.pop_until(|name| name == FORM);
            }
        } else if let Some(id) = self.form.take()
            && tree.in_scope_where(Scope::Default, |element| element.id == id)
        {
            tree.generate_implied_end_tags(None);
            tree.remove(id);
        }
    }
}
