//! Writes the table of `mime_guess` in the form that `src/mime.rs` reads: a quarter of its size, and without code.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let Some(out) = std::env::var_os("OUT_DIR") else { return };
    let table = Path::new(&out).join("mime_table.rs");
    if let Err(error) = std::fs::write(&table, write()) {
        println!("cargo::error={}: {error}", table.display());
    }
}

fn write() -> String {
    let extensions = mime_guess::get_extensions("*", "*").unwrap_or_default();
    // Small letters, as they are looked up.
    let known: BTreeMap<&str, &str> = extensions
        .iter()
        .filter(|extension| !extension.bytes().any(|byte| byte.is_ascii_uppercase()))
        .filter_map(|extension| Some((*extension, mime_guess::from_ext(extension).first_raw()?)))
        .collect();
    let types: Vec<&str> = known.values().copied().collect::<BTreeSet<_>>().into_iter().collect();
    let place = |text: &str| types.binary_search(&text).unwrap_or_default();
    let mut ends = Vec::new();
    for text in &types {
        ends.push(ends.last().copied().unwrap_or(0) + text.len());
    }
    let longest = known.keys().map(|extension| extension.len()).max().unwrap_or(0);
    let mut groups = String::new();
    for length in 0..=longest {
        let group = known.iter().filter(|(extension, _)| extension.len() == length);
        let (names, places): (String, Vec<usize>) = group.map(|(extension, text)| (*extension, place(text))).unzip();
        // Writing to a text cannot fail.
        let _ = writeln!(groups, "    ({names:?}, &{places:?}),");
    }
    format!(
        "/// The types, one after the other, and where each ends.\nconst TYPES: &str = {:?};\nconst ENDS: &[u16] = &{ends:?};\n\
         /// The extensions of each length, ascending, and their types' places.\nconst GROUPS: &[(&str, &[u16])] = &[\n{groups}];\n",
        types.concat()
    )
}
