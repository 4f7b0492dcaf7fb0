//! The insertion modes of tables.

use super::names::*;
use super::rules::{Builder, Characters, Mode, Token};
use super::tree::Scope;

fn is_table_part(name: Name) -> bool {
    matches!(name, TABLE | TBODY | TEMPLATE | TFOOT | THEAD | TR)
}

fn is_table_context(name: Name) -> bool {
    matches!(name, TABLE | TEMPLATE)
}

fn is_body_context(name: Name) -> bool {
    matches!(name, TBODY | TFOOT | THEAD | TEMPLATE)
}

fn is_row_context(name: Name) -> bool {
    matches!(name, TR | TEMPLATE)
}

fn is_cell(name: Name) -> bool {
    matches!(name, TD | TH)
}

impl Builder<'_> {
    pub(super) fn in_table(&mut self, token: Token<'_>) {
        match token {
            // Characters are gathered first, and moved in front of the table if any of them is not whitespace; what stays
            // in the table changes nothing.
            Token::Characters(Characters::Null | Characters::Whitespace) if self.tree.current_is_in(is_table_part) => {}
            Token::Start(tag) => match tag.name {
                CAPTION => {
                    self.tree.clear_back_to(is_table_context);
                    self.tree.push_marker();
                    self.tree.insert(CAPTION);
                    self.mode = Mode::InCaption;
                }
                COLGROUP => {
                    self.tree.clear_back_to(is_table_context);
                    self.tree.insert(COLGROUP);
                    self.mode = Mode::InColumnGroup;
                }
                COL => {
                    self.tree.clear_back_to(is_table_context);
                    self.tree.insert(COLGROUP);
                    self.reprocess_in(Mode::InColumnGroup, token);
                }
                TBODY | TFOOT | THEAD => {
                    self.tree.clear_back_to(is_table_context);
                    self.tree.insert(tag.name);
                    self.mode = Mode::InTableBody;
                }
                TD | TH | TR => {
                    self.tree.clear_back_to(is_table_context);
                    self.tree.insert(TBODY);
                    self.reprocess_in(Mode::InTableBody, token);
                }
                TABLE => {
                    if self.end_table() {
                        self.process(token);
                    }
                }
                STYLE | SCRIPT | TEMPLATE => self.in_head(token),
                INPUT if tag.hidden => {}
                FORM => {
                    if self.tree.templates == 0 && self.form.is_none() {
                        self.form = Some(self.tree.insert(FORM).id);
                        self.tree.pop();
                    }
                }
                _ => self.foster(token),
            },
            Token::End(TABLE) => {
                self.end_table();
            }
            Token::End(BODY | CAPTION | COL | COLGROUP | HTML | TBODY | TD | TFOOT | TH | THEAD | TR) => {}
            Token::End(TEMPLATE) => self.in_head(token),
            Token::End(_) | Token::Characters(_) => self.foster(token),
        }
    }

    fn foster(&mut self, token: Token<'_>) {
        self.tree.foster_parenting = true;
        self.in_body(token);
        self.tree.foster_parenting = false;
    }

    /// Closes the table; whether there was one.
    fn end_table(&mut self) -> bool {
        let found = self.tree.in_scope(Scope::Table, TABLE);
        if found {
            self.tree.pop_until(|name| name == TABLE);
            self.reset_mode();
        }
        found
    }

    pub(super) fn in_caption(&mut self, token: Token<'_>) {
        match token {
            Token::End(CAPTION) => {
                self.end_caption();
            }
            Token::End(TABLE) => {
                if self.end_caption() {
                    self.process(token);
                }
            }
            Token::Start(tag)
                if matches!(
                    tag.name,
                    CAPTION | COL | COLGROUP | TBODY | TD | TFOOT | TH | THEAD | TR
                ) =>
            {
                if self.end_caption() {
                    self.process(token);
                }
            }
            Token::End(BODY | COL | COLGROUP | HTML | TBODY | TD | TFOOT | TH | THEAD | TR) => {}
            _ => self.in_body(token),
        }
    }

    fn end_caption(&mut self) -> bool {
        let found = self.tree.in_scope(Scope::Table, CAPTION);
        if found {
            self.tree.pop_until(|name| name == CAPTION);
            self.tree.clear_to_marker();
            self.mode = Mode::InTable;
        }
        found
    }

    pub(super) fn in_column_group(&mut self, token: Token<'_>) {
        match token {
            Token::Characters(Characters::Whitespace) => {}
            Token::Start(tag) if matches!(tag.name, HTML | COL) => {}
            Token::Start(tag) if tag.name == TEMPLATE => self.in_head(token),
            Token::End(TEMPLATE) => self.in_head(token),
            Token::End(COL) => {}
            _ if self.tree.current_is(COLGROUP) => {
                self.tree.pop();
                self.mode = Mode::InTable;
                if !matches!(token, Token::End(COLGROUP)) {
                    self.process(token);
                }
            }
            _ => {}
        }
    }

    pub(super) fn in_table_body(&mut self, token: Token<'_>) {
        match token {
            Token::Start(tag) if tag.name == TR => {
                self.tree.clear_back_to(is_body_context);
                self.tree.insert(TR);
                self.mode = Mode::InRow;
            }
            Token::Start(tag) if is_cell(tag.name) => {
                self.tree.clear_back_to(is_body_context);
                self.tree.insert(TR);
                self.reprocess_in(Mode::InRow, token);
            }
            Token::End(name) if matches!(name, TBODY | TFOOT | THEAD) => {
                if self.tree.in_scope(Scope::Table, name) {
                    self.tree.clear_back_to(is_body_context);
                    self.tree.pop();
                    self.mode = Mode::InTable;
                }
            }
            Token::Start(tag) if matches!(tag.name, CAPTION | COL | COLGROUP | TBODY | TFOOT | THEAD) => {
                self.end_table_body(token);
            }
            Token::End(TABLE) => self.end_table_body(token),
            Token::End(BODY | CAPTION | COL | COLGROUP | HTML | TD | TH | TR) => {}
            _ => self.in_table(token),
        }
    }

    fn end_table_body(&mut self, token: Token<'_>) {
        let is_body = |name| matches!(name, TBODY | TFOOT | THEAD);
        if self.tree.in_scope_where(Scope::Table, |element| element.is_in(is_body)) {
            self.tree.clear_back_to(is_body_context);
            self.tree.pop();
            self.reprocess_in(Mode::InTable, token);
        }
    }

    pub(super) fn in_row(&mut self, token: Token<'_>) {
        match token {
            Token::Start(tag) if is_cell(tag.name) => {
                self.tree.clear_back_to(is_row_context);
                self.tree.insert(tag.name);
                self.mode = Mode::InCell;
                self.tree.push_marker();
            }
            Token::End(TR) => {
                self.end_row();
            }
            Token::Start(tag) if matches!(tag.name, CAPTION | COL | COLGROUP | TBODY | TFOOT | THEAD | TR) => {
                if self.end_row() {
                    self.process(token);
                }
            }
            Token::End(TABLE) => {
                if self.end_row() {
                    self.process(token);
                }
            }
            Token::End(name) if matches!(name, TBODY | TFOOT | THEAD) => {
                if self.tree.in_scope(Scope::Table, name) && self.end_row() {
                    self.process(token);
                }
            }
            Token::End(BODY | CAPTION | COL | COLGROUP | HTML | TD | TH) => {}
            _ => self.in_table(token),
        }
    }

    fn end_row(&mut self) -> bool {
        let found = self.tree.in_scope(Scope::Table, TR);
        if found {
            self.tree.clear_back_to(is_row_context);
            self.tree.pop();
            self.mode = Mode::InTableBody;
        }
        found
    }

    pub(super) fn in_cell(&mut self, token: Token<'_>) {
        match token {
            Token::End(name) if is_cell(name) => {
                if self.tree.in_scope(Scope::Table, name) {
                    self.tree.pop_until(|other| other == name);
                    self.tree.clear_to_marker();
                    self.mode = Mode::InRow;
                }
            }
            Token::Start(tag)
                if matches!(
                    tag.name,
                    CAPTION | COL | COLGROUP | TBODY | TD | TFOOT | TH | THEAD | TR
                ) =>
            {
                if self.tree.in_scope_where(Scope::Table, |element| element.is_in(is_cell)) {
                    self.close_cell(token);
                }
            }
            Token::End(BODY | CAPTION | COL | COLGROUP | HTML) => {}
            Token::End(name) if matches!(name, TABLE | TBODY | TFOOT | THEAD | TR) => {
                if self.tree.in_scope(Scope::Table, name) {
                    self.close_cell(token);
                }
            }
            _ => self.in_body(token),
        }
    }

    fn close_cell(&mut self, token: Token<'_>) {
        self.tree.pop_until(is_cell);
        self.tree.clear_to_marker();
        self.reprocess_in(Mode::InRow, token);
    }
}
