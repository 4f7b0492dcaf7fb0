//! Short names for what the bindings hand to the wasm. wasm-bindgen's own end in a hash each, which no compression makes
//! smaller: of a small module they are some percent.

use std::collections::BTreeMap;

use crate::failure::{Failure, Result};

/// The section that imports stand in (WebAssembly Core, section 5.5.5).
const IMPORTS: u8 = 2;
const HEADER: usize = 8;

/// Renames the functions that the wasm imports, in it and in its bindings.
pub(super) fn shorten(wasm: &[u8], bindings: &str) -> Result<(Vec<u8>, String)> {
    let mut names = Names::default();
    let mut out = wasm.get(..HEADER).ok_or_else(broken)?.to_vec();
    let mut rest = Reader(&wasm[HEADER..]);
    while let Some(kind) = rest.next() {
        let length = rest.number()? as usize;
        let content = rest.take(length)?;
        out.push(kind);
        if kind == IMPORTS {
            let renamed = imports(content, &mut names)?;
            write_number(&mut out, renamed.len() as u64);
            out.extend(renamed);
        } else {
            write_number(&mut out, content.len() as u64);
            out.extend(content);
        }
    }
    Ok((out, names.replace_in(bindings)?))
}

fn imports(section: &[u8], names: &mut Names) -> Result<Vec<u8>> {
    let mut rest = Reader(section);
    let mut out = Vec::with_capacity(section.len());
    let count = rest.number()?;
    write_number(&mut out, count);
    for _ in 0..count {
        let (module, name) = (rest.name()?, rest.name()?);
        let kind = rest.next().ok_or_else(broken)?;
        if kind != 0 {
            return Err(Failure::new(format!("the import {name} is no function, which is new")));
        }
        for text in [module, names.short(name)] {
            write_number(&mut out, text.len() as u64);
            out.extend(text.as_bytes());
        }
        out.push(kind);
        write_number(&mut out, rest.number()?);
    }
    Ok(out)
}

/// The names there were, and what is in their place.
#[derive(Default)]
struct Names(BTreeMap<String, String>);

impl Names {
    fn short(&mut self, name: &str) -> &str {
        let next = format!("_{:x}", self.0.len());
        self.0.entry(name.to_owned()).or_insert(next)
    }

    /// The bindings name each of them once, as a property of the object that the wasm gets.
    fn replace_in(&self, bindings: &str) -> Result<String> {
        let mut out = String::with_capacity(bindings.len());
        let mut replaced = 0;
        for line in bindings.split_inclusive('\n') {
            let code = line.trim_start();
            match code
                .split_once(':')
                .and_then(|(name, rest)| Some((self.0.get(name)?, rest)))
            {
                Some((short, rest)) => {
                    replaced += 1;
                    out.push_str(&format!("{}{short}:{rest}", &line[..line.len() - code.len()]));
                }
                None => out.push_str(line),
            }
        }
        match self.0.len() {
            all if all == replaced => Ok(out),
            all => Err(Failure::new(format!("{replaced} of {all} imports are in the bindings"))),
        }
    }
}

/// What is left to read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or_else(broken)?;
        self.0 = rest;
        Ok(taken)
    }

    /// An unsigned LEB128.
    fn number(&mut self) -> Result<u64> {
        let mut number = 0;
        for shift in (0..35).step_by(7) {
            let byte = self.next().ok_or_else(broken)?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(broken())
    }

    fn name(&mut self) -> Result<&'a str> {
        let length = self.number()? as usize;
        std::str::from_utf8(self.take(length)?).map_err(|_| broken())
    }
}

fn write_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn broken() -> Failure {
    Failure::new("the wasm is not as the specification has it")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module that imports two functions of type 0, and has a custom section after them.
    const MODULE: &[u8] =
        b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x02\x21\x02\x03./m\x09__wbg_a_1\0\0\x03./m\x09__wbg_b_2\0\0\x00\x02\x01x";

    #[test]
    fn names_become_short_in_both() {
        let bindings = "const import0 = {\n  __wbg_a_1: function() {},\n  __wbg_b_2: function() { other: 1 },\n};\n";
        let (wasm, text) = shorten(MODULE, bindings).unwrap();
        assert_eq!(
            text,
            "const import0 = {\n  _0: function() {},\n  _1: function() { other: 1 },\n};\n"
        );
        assert_eq!(
            wasm,
            b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x02\x13\x02\x03./m\x02_0\0\0\x03./m\x02_1\0\0\x00\x02\x01x"
        );
    }

    #[test]
    fn bindings_that_lack_a_name_are_refused() {
        assert!(shorten(MODULE, "  __wbg_a_1: function() {},\n").is_err());
        assert!(shorten(&MODULE[..20], "").is_err());
        assert!(shorten(b"", "").is_err());
    }
}
