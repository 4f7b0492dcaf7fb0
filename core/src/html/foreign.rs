//! Foreign content: SVG and MathML, where a `<base>` is another language's element, and the points in them where HTML goes on.

use super::names::*;
use super::rules::{Builder, Characters, Token};
use super::tokens::StartTag;
use super::tree::Element;

impl Builder<'_> {
    pub(super) fn insert_foreign(&mut self, tag: &StartTag, namespace: Namespace) {
        let holds_html = tag.holds_html && namespace == Namespace::MathMl && tag.name == ANNOTATION_XML;
        self.tree.insert_foreign(tag.name, namespace, holds_html);
        if tag.self_closing {
            self.tree.pop();
        }
    }

    pub(super) fn foreign(&mut self, token: Token<'_>) {
        match token {
            Token::Characters(characters) => self.tree.frameset_ok &= characters != Characters::Other,
            Token::Start(tag) if breaks_out_of_foreign(tag.name) || tag.styles_font => self.break_out(token),
            Token::End(BR | P) => self.break_out(token),
            Token::Start(tag) => {
                if let Some(namespace) = self.tree.current().map(|current| current.namespace) {
                    self.insert_foreign(tag, namespace);
                }
            }
            Token::End(name) => self.end_in_foreign(name),
        }
    }

    fn break_out(&mut self, token: Token<'_>) {
        while self.tree.current().is_some_and(|current| {
            !current.is_html() && !current.is_mathml_text_integration_point() && !current.is_html_integration_point()
        }) {
            self.tree.pop();
        }
        self.process_in(self.mode, token);
    }

    fn end_in_foreign(&mut self, name: Name) {
        let mut index = self.tree.stack.len();
        while let Some(next) = index.checked_sub(1).filter(|next| *next > 0) {
            index = next;
            match self.tree.stack.get(index) {
                Some(element) if element.is_html() => break,
                Some(element) if element.name == name => return self.tree.truncate(index),
                _ => {}
            }
        }
        self.tree.spend(self.tree.stack.len() - index);
        self.process_in(self.mode, Token::End(name));
    }
}

/// Whether a token is for the rules of foreign content.
pub(super) fn is_foreign(current: &Element, token: Token<'_>) -> bool {
    if current.is_html() {
        return false;
    }
    match token {
        Token::End(_) => true,
        Token::Characters(_) => !current.is_mathml_text_integration_point() && !current.is_html_integration_point(),
        Token::Start(tag) => {
            let text = current.is_mathml_text_integration_point() && !matches!(tag.name, MALIGNMARK | MGLYPH);
            let image = current.namespace == Namespace::MathMl && current.name == ANNOTATION_XML && tag.name == SVG;
            !text && !image && !current.is_html_integration_point()
        }
    }
}
