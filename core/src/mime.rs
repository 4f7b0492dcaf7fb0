//! Media types by a file's extension, for whoever puts files; the worker serves what was stored.

use core::cmp::Ordering;

use crate::media_type;
use crate::path::FilePath;

/// The type of a file by its name, with a charset where it is text.
pub fn media_type_for(path: &FilePath) -> String {
    let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
    let known = ours(&extension).or_else(|| listed(&extension));
    let essence = known.unwrap_or(media_type::UNKNOWN);
    let mut text = String::from(essence);
    if media_type::is_text(essence) {
        text.push_str("; charset=utf-8");
    }
    text
}

include!(concat!(env!("OUT_DIR"), "/mime_table.rs"));

/// What the table of `mime_guess` has.
fn listed(extension: &str) -> Option<&'static str> {
    let (names, places) = GROUPS.get(extension.len())?;
    let (mut low, mut high) = (0, places.len());
    let place = loop {
        let middle = (low + high) / 2;
        let start = middle * extension.len();
        let place = *places.get(middle).filter(|_| low < high)?;
        match names.get(start..start + extension.len())?.cmp(extension) {
            Ordering::Less => low = middle + 1,
            Ordering::Greater => high = middle,
            Ordering::Equal => break usize::from(place),
        }
    };
    let start = place
        .checked_sub(1)
        .and_then(|before| ENDS.get(before))
        .copied()
        .unwrap_or(0);
    TYPES.get(usize::from(start)..usize::from(*ENDS.get(place)?))
}

/// What comes before the table of `mime_guess`: today's registered names where it has older ones, what it lacks, and
/// source text, which a frame shows as text and would otherwise offer to save.
fn ours(extension: &str) -> Option<&'static str> {
    Some(match extension {
        "js" | "mjs" | "cjs" => "text/javascript",
        "map" | "jsonc" | "topojson" | "ipynb" => "application/json",
        "manifest" => "application/manifest+json",
        "importmap" => "application/importmap+json",
        "woff" => "font/woff",
        "otf" => "font/otf",
        "cur" => "image/x-icon",
        "ktx2" => "image/ktx2",
        "m4v" => "video/mp4",
        "m3u8" => "application/vnd.apple.mpegurl",
        "obj" => "model/obj",
        "mtl" => "model/mtl",
        "stl" => "model/stl",
        "usdz" => "model/vnd.usdz+zip",
        // TypeScript, and not the MPEG transport stream of the same extension.
        "ts" | "mts" | "cts" | "tsx" | "jsx" | "vue" | "svelte" | "astro" | "mdx" | "ejs" | "njk" | "pug"
        | "graphql" | "gql" | "proto" | "wgsl" | "glsl" | "frag" | "vert" | "wat" | "go" | "java" | "kt" | "swift"
        | "rb" | "php" | "sh" | "bat" | "sql" | "env" | "lock" => "text/plain",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_browsers_insist_on() {
        const TYPES: &[(&str, &str)] = &[
            ("index.html", "text/html; charset=utf-8"),
            ("INDEX.HTM", "text/html; charset=utf-8"),
            ("app.js", "text/javascript; charset=utf-8"),
            ("app.MJS", "text/javascript; charset=utf-8"),
            ("style.css", "text/css; charset=utf-8"),
            ("data.json", "application/json; charset=utf-8"),
            ("app.js.map", "application/json; charset=utf-8"),
            ("app.wasm", "application/wasm"),
            ("logo.svg", "image/svg+xml; charset=utf-8"),
            ("photo.jpeg", "image/jpeg"),
            ("photo.png", "image/png"),
            ("photo.avif", "image/avif"),
            ("photo.webp", "image/webp"),
            ("favicon.ico", "image/x-icon"),
            ("font.woff2", "font/woff2"),
            ("font.woff", "font/woff"),
            ("font.ttf", "font/ttf"),
            ("sound.mp3", "audio/mpeg"),
            ("sound.ogg", "audio/ogg"),
            ("film.mp4", "video/mp4"),
            ("film.webm", "video/webm"),
            ("film.vtt", "text/vtt; charset=utf-8"),
            ("app.webmanifest", "application/manifest+json; charset=utf-8"),
            ("feed.xml", "text/xml; charset=utf-8"),
            ("read.md", "text/markdown; charset=utf-8"),
            ("main.ts", "text/plain; charset=utf-8"),
            ("paper.pdf", "application/pdf"),
            ("docs/данные.json", "application/json; charset=utf-8"),
            ("x.unknown-extension", "application/octet-stream"),
            ("LICENSE", "application/octet-stream"),
            (".css", "application/octet-stream"),
        ];
        for (path, media_type) in TYPES {
            assert_eq!(media_type_for(&FilePath::parse(path).unwrap()), *media_type, "{path}");
        }
    }

    #[test]
    fn the_table_is_the_librarys() {
        let known = mime_guess::get_extensions("*", "*").unwrap();
        assert!(known.len() > 1000);
        for extension in known
            .iter()
            .copied()
            .chain(["", "a", "zzzz", "no-such-extension-anywhere-at-all"])
        {
            let extension = extension.to_ascii_lowercase();
            assert_eq!(
                listed(&extension),
                mime_guess::from_ext(&extension).first_raw(),
                "{extension}"
            );
        }
    }

    /// The table is not public, so it is asked for every extension of up to three letters and digits.
    #[test]
    fn every_type_of_the_table_may_be_stored() {
        let letters: Vec<char> = ('a'..='z').chain('0'..='9').collect();
        let mut extensions = vec![String::new()];
        for length in 1..=3 {
            for start in extensions.clone().iter().filter(|start| start.len() == length - 1) {
                extensions.extend(letters.iter().map(|letter| format!("{start}{letter}")));
            }
        }
        for extension in extensions {
            let path = FilePath::parse(&format!("a.{extension}x")).unwrap();
            assert!(media_type::is_valid(&media_type_for(&path)), "{extension}");
            let path = FilePath::parse(&format!("a.{extension}")).unwrap();
            assert!(media_type::is_valid(&media_type_for(&path)), "{extension}");
        }
    }
}
