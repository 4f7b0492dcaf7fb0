//! What a JavaScript module imports, without running or parsing it: its tokens are told apart, by ECMA-262's lexical grammar,
//! as far as needed to know an `import` from what only looks like one in a string, a template, a comment or a regular expression.
//!
//! Whether a slash divides or begins a regular expression is the parser's to say; here it follows from the tokens before it and
//! from what is open around it. Where that goes wrong, or the source does, tokens soon no longer fit, and nothing is found:
//! what is missed is only fetched later.

use super::specifier::{is_bare, is_plain};

/// The specifiers of a module's static imports and re-exports, as they stand in the source and in its order, in linear time.
///
/// Left out are those that are no plain path ([`is_plain`]), imports with attributes or a phase, and `import()`.
///
/// Nothing where the module must not be fetched in advance: a browser resolves all specifiers as it has the text, and one that only
/// an import map gives a meaning fails then for good, where a script adds that map later. Nor where tokens do not fit together.
pub fn imports(source: &str) -> Option<Vec<&str>> {
    let mut lexer = Lexer {
        source,
        at: 0,
        open: Vec::new(),
        last: Last::Begin,
        word: "",
        found: Vec::new(),
    };
    match lexer.run() {
        Some(()) if lexer.open.is_empty() => Some(lexer.found),
        _ => None,
    }
}

/// What has been opened and not been closed yet.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    /// `(`; the condition of a statement, after which one begins, or any other.
    Paren { condition: bool },
    /// `[`
    Bracket,
    /// `{` of statements or a class.
    Block,
    /// `{` of an object.
    Object,
    /// `${`
    Template,
}

/// The last token, as far as it says what may follow.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    /// A statement begins.
    Begin,
    /// An operator, or what else an operand follows.
    Operator,
    /// `:`
    Colon,
    /// A keyword that an operand follows.
    Keyword,
    /// A keyword that a statement follows, or `=>`.
    Body,
    /// `.`, which a name follows, whatever its letters.
    Dot,
    /// The end of an operand.
    Operand,
    /// `)`
    Paren { condition: bool },
}

struct Lexer<'s> {
    source: &'s str,
    at: usize,
    open: Vec<Open>,
    last: Last,
    /// The last token, where it is a word.
    word: &'s str,
    found: Vec<&'s str>,
}

/// `None` where tokens do not fit.
type Fits<T = ()> = Option<T>;

impl<'s> Lexer<'s> {
    fn run(&mut self) -> Fits {
        if self.rest().starts_with("#!") {
            self.skip_line();
        }
        loop {
            self.trivia()?;
            let Some(byte) = self.peek() else { return Some(()) };
            let word = core::mem::take(&mut self.word);
            self.token(byte, word)?;
        }
    }

    fn token(&mut self, byte: u8, word: &'s str) -> Fits {
        match byte {
            b'"' | b'\'' => {
                self.string()?;
                self.last = Last::Operand;
            }
            b'`' => {
                self.at += 1;
                self.template()?;
            }
            b'/' => self.slash()?,
            b'0'..=b'9' => self.number(),
            b'.' => self.dot(),
            b'(' => {
                let condition = self.last == Last::Keyword && matches!(word, "if" | "while" | "for" | "with");
                self.push(Open::Paren { condition }, Last::Operator);
            }
            b'[' => self.push(Open::Bracket, Last::Operator),
            b'{' => match self.brace() {
                Open::Block => self.push(Open::Block, Last::Begin),
                open => self.push(open, Last::Operator),
            },
            b')' | b']' | b'}' => self.close(byte)?,
            b';' => self.step(Last::Begin),
            b':' => self.step(Last::Colon),
            b'=' if self.rest().starts_with("=>") => {
                self.at += 1;
                self.step(Last::Body);
            }
            // Before or after an operand, they leave it one.
            b'+' | b'-' if self.bytes().get(self.at + 1) == Some(&byte) => self.at += 2,
            b'!' | b'%' | b'&' | b'*' | b'+' | b',' | b'-' | b'<' | b'=' | b'>' | b'?' | b'@' | b'^' | b'|' | b'~' => {
                self.step(Last::Operator);
            }
            _ => return self.name(word),
        }
        Some(())
    }

    fn close(&mut self, byte: u8) -> Fits {
        let last = match (byte, self.open.pop()?) {
            (b')', Open::Paren { condition }) => Last::Paren { condition },
            (b']', Open::Bracket) | (b'}', Open::Object) => Last::Operand,
            (b'}', Open::Block) => Last::Begin,
            (b'}', Open::Template) => {
                self.at += 1;
                return self.template();
            }
            _ => return None,
        };
        self.step(last);
        Some(())
    }

    /// What a brace opens here.
    fn brace(&self) -> Open {
        match self.last {
            Last::Operator | Last::Keyword | Last::Dot => Open::Object,
            // A property's value or an alternative; or a label's or a case's statement.
            Last::Colon => match self.open.last() {
                None | Some(Open::Block) => Open::Block,
                _ => Open::Object,
            },
            Last::Begin | Last::Body | Last::Operand | Last::Paren { .. } => Open::Block,
        }
    }

    /// A regular expression, or a division. Comments are trivia, and passed already.
    fn slash(&mut self) -> Fits {
        match self.last {
            Last::Operand | Last::Paren { condition: false } => {
                self.step(Last::Operator);
                return Some(());
            }
            Last::Dot => return None,
            _ => {}
        }
        let mut in_class = false;
        loop {
            self.at += 1;
            match self.peek()? {
                b'\\' => self.at += 1,
                b'[' => in_class = true,
                b']' => in_class = false,
                b'/' if !in_class => break,
                b'\n' | b'\r' => return None,
                _ => {}
            }
        }
        self.at += 1;
        self.letters();
        self.last = Last::Operand;
        Some(())
    }

    fn number(&mut self) {
        let part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.');
        self.at += self.bytes().iter().skip(self.at).take_while(|byte| part(byte)).count();
        self.last = Last::Operand;
    }

    fn dot(&mut self) {
        if self.rest().starts_with("...") {
            self.at += 2;
            self.step(Last::Operator);
        } else if self.bytes().get(self.at + 1).is_some_and(u8::is_ascii_digit) {
            self.number();
        } else {
            self.step(Last::Dot);
        }
    }

    /// An identifier or a keyword.
    fn name(&mut self, before: &'s str) -> Fits {
        let name = self.letters();
        if name.is_empty() {
            return None;
        }
        self.word = name;
        if self.last == Last::Dot {
            self.last = Last::Operand;
            return Some(());
        }
        let outermost = self.open.is_empty();
        self.last = match name {
            "import" if outermost => return self.import(),
            "export" if outermost => return self.export(),
            "await" if before == "for" => {
                self.word = before;
                Last::Keyword
            }
            "of" if self.open.last() == Some(&Open::Paren { condition: true }) => Last::Keyword,
            "if" | "while" | "for" | "with" | "await" | "case" | "default" | "delete" | "extends" | "in"
            | "instanceof" | "new" | "return" | "throw" | "typeof" | "void" | "yield" => Last::Keyword,
            "do" | "else" | "finally" | "try" => Last::Body,
            _ => Last::Operand,
        };
        Some(())
    }

    /// What follows `import`.
    fn import(&mut self) -> Fits {
        self.last = Last::Operand;
        self.trivia()?;
        match self.peek()? {
            b'(' | b'.' => return Some(()),
            b'"' | b'\'' => return self.specifier(true),
            _ => {}
        }
        let first = self.clause()?;
        let mut before = first;
        let mut phase = false;
        loop {
            let is_from = before == "from";
            self.trivia()?;
            if is_from && matches!(self.peek()?, b'"' | b'\'') {
                return self.specifier(!phase);
            }
            let next = self.clause()?;
            // `import defer * as a`, `import source a`: what is fetched then, and when, is not our business.
            let follows_first = core::ptr::eq(before, first);
            phase |= follows_first
                && matches!(first, "defer" | "source")
                && next != ","
                && !(next == "from" && self.at_string()?);
            before = next;
        }
    }

    /// What follows `export`.
    fn export(&mut self) -> Fits {
        self.last = Last::Keyword;
        self.trivia()?;
        if !matches!(self.peek()?, b'*' | b'{') {
            return Some(());
        }
        self.clause()?;
        loop {
            self.trivia()?;
            let start = self.at;
            match self.letters() {
                "as" => {
                    self.clause()?;
                }
                "from" if self.at_string()? => return self.specifier(true),
                _ => {
                    // The end of `export { … }`: the next statement's first word, perhaps.
                    self.at = start;
                    self.last = Last::Begin;
                    return Some(());
                }
            }
        }
    }

    /// A part of an import's or export's clause: a word, a string, `*`, `,`, or all that stands in braces.
    fn clause(&mut self) -> Fits<&'s str> {
        self.trivia()?;
        let start = self.at;
        match self.peek()? {
            b'*' | b',' => self.at += 1,
            b'"' | b'\'' => {
                self.string()?;
            }
            b'{' => {
                self.at += 1;
                loop {
                    self.trivia()?;
                    match self.peek()? {
                        b'}' => break,
                        b'{' => return None,
                        _ => self.clause()?,
                    };
                }
                self.at += 1;
            }
            _ => {
                let word = self.letters();
                return (!word.is_empty()).then_some(word);
            }
        }
        self.source.get(start..self.at)
    }

    fn at_string(&mut self) -> Fits<bool> {
        self.trivia()?;
        Some(matches!(self.peek()?, b'"' | b'\''))
    }

    /// A specifier, which counts if `wanted`, and if no attributes follow.
    fn specifier(&mut self, wanted: bool) -> Fits {
        let specifier = self.string()?;
        self.last = Last::Operand;
        self.trivia()?;
        let start = self.at;
        let with = matches!(self.letters(), "with" | "assert");
        self.at = start;
        if is_bare(specifier) || specifier.as_bytes().contains(&b'\\') {
            return None;
        }
        if wanted && !with && is_plain(specifier) {
            self.found.push(specifier);
        }
        Some(())
    }

    /// A string's text, with its escapes as they are.
    fn string(&mut self) -> Fits<&'s str> {
        let quote = self.peek()?;
        let start = self.at + 1;
        loop {
            self.at += 1;
            match self.peek()? {
                // Of a line break of two characters, the second one is passed as any other.
                b'\\' => {
                    self.at += 1;
                    if self.rest().starts_with("\r\n") {
                        self.at += 1;
                    }
                }
                b'\n' | b'\r' => return None,
                byte if byte == quote => break,
                _ => {}
            }
        }
        self.at += 1;
        self.source.get(start..self.at - 1)
    }

    /// The text of a template, until it ends or something is put into it.
    fn template(&mut self) -> Fits {
        loop {
            match self.peek()? {
                b'\\' => self.at += 2,
                b'`' => {
                    self.step(Last::Operand);
                    return Some(());
                }
                b'$' if self.rest().starts_with("${") => {
                    self.at += 1;
                    self.push(Open::Template, Last::Operator);
                    return Some(());
                }
                _ => self.at += 1,
            }
        }
    }

    /// Passes white space and comments.
    fn trivia(&mut self) -> Fits {
        loop {
            let rest = self.rest();
            match rest.as_bytes() {
                [b'/', b'/', ..] => self.skip_line(),
                [b'/', b'*', after @ ..] => {
                    let end = after.windows(2).position(|pair| pair == b"*/")?;
                    self.at += end + 4;
                }
                [byte, ..] if byte.is_ascii() => {
                    if !matches!(byte, b'\t'..=b'\r' | b' ') {
                        return Some(());
                    }
                    self.at += 1;
                }
                _ => match rest.chars().next() {
                    Some(char) if is_space(char) => self.at += char.len_utf8(),
                    _ => return Some(()),
                },
            }
        }
    }

    fn skip_line(&mut self) {
        let rest = self.rest();
        self.at += rest.find(['\n', '\r', '\u{2028}', '\u{2029}']).unwrap_or(rest.len());
    }

    /// The letters of a name, escapes and all.
    fn letters(&mut self) -> &'s str {
        let rest = self.rest();
        let part = |char: char| {
            char.is_ascii_alphanumeric()
                || matches!(char, '_' | '$' | '#' | '\\')
                || !char.is_ascii() && !is_space(char)
        };
        let mut length = rest.find(|char| !part(char)).unwrap_or(rest.len());
        // `\u{…}` in a name: its braces are no others.
        while rest.get(..length).is_some_and(|name| name.ends_with("\\u"))
            && rest.get(length..).is_some_and(|more| more.starts_with('{'))
        {
            let more = rest.get(length..).unwrap_or_default();
            length += more
                .find(|char| !part(char) && !matches!(char, '{' | '}'))
                .unwrap_or(more.len());
        }
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    fn push(&mut self, open: Open, last: Last) {
        self.open.push(open);
        self.step(last);
    }

    fn step(&mut self, last: Last) {
        self.at += 1;
        self.last = last;
    }

    fn bytes(&self) -> &'s [u8] {
        self.source.as_bytes()
    }

    fn peek(&self) -> Fits<u8> {
        self.bytes().get(self.at).copied()
    }

    /// What is still to be read. Empty where the last step went beyond the end, or into a character: nothing fits then.
    fn rest(&self) -> &'s str {
        self.source.get(self.at..).unwrap_or_default()
    }
}

/// White space and line ends beyond ASCII's.
fn is_space(char: char) -> bool {
    char == '\u{feff}' || char.is_whitespace() && char != '\u{85}'
}
