//! The bundles that the end-to-end cases put: read from `fixtures/`, built once, or generated.
//!
//! A bundle is only paths and bytes here; what is right about a page is checked by the page itself.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;

/// Path in the bundle → content.
pub type Files = BTreeMap<String, Vec<u8>>;

/// The folder of the committed fixtures.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// The ES-module app: its page posts `{ fixture: "modules", ok, result }` to its parent.
pub fn modules() -> Result<Files> {
    read_folder(&root().join("modules"))
}

/// Sound and video with a page that seeks in them and posts `{ fixture: "media", result }`.
pub fn media() -> Result<Files> {
    let mut files = read_folder(&root().join("media"))?;
    files.insert("tone.wav".to_owned(), wav(180));
    Ok(files)
}

/// A production build of a React app with a router. It posts `{ fixture: "react", pathname, text }` for each view.
pub fn react() -> Result<Files> {
    let source = read_folder(&root().join("react-app"))?;
    let tools = std::env::var_os("VF_TOOLS").map_or_else(|| PathBuf::from(".tools"), PathBuf::from);
    let folder = tools.join("fixtures/react-app");
    let mark = folder.join("built");
    // The mark is the list of what was built from, so that a changed source is built again.
    let wanted = format!(
        "{:?}",
        source
            .iter()
            .map(|(path, bytes)| (path, checksum(bytes)))
            .collect::<Vec<_>>()
    );
    if std::fs::read_to_string(&mark).ok().as_deref() != Some(wanted.as_str()) {
        let _ = std::fs::remove_dir_all(&folder);
        for (path, bytes) in &source {
            let target = folder.join(path);
            if let Some(parent) = target.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::write(target, bytes)?;
        }
        // Not `npm ci`: it insists on the packages for other machines too, which a registry need not have.
        run(
            &folder,
            "npm",
            &[
                "install",
                "--ignore-scripts",
                "--prefer-offline",
                "--no-audit",
                "--no-fund",
            ],
        )?;
        run(&folder, "node", &["node_modules/vite/bin/vite.js", "build"])?;
        std::fs::write(&mark, wanted)?;
    }
    read_folder(&folder.join("dist"))
}

/// Files whose names are hard to put into a URL, each holding its own name.
pub fn names() -> Files {
    let names = [
        "plain.txt",
        "with space.txt",
        " leading and trailing .txt",
        "100%.txt",
        "100%25.txt",
        "%41.txt",
        "a+b.txt",
        "a#b.txt",
        "a?b=c.txt",
        "a&b;c=d,e.txt",
        "quote'\"`.txt",
        "brackets[1](2){3}<4>.txt",
        "colon:at@bang!dollar$star*.txt",
        "tilde~caret^pipe|.txt",
        "кириллица/файл с пробелом.txt",
        "漢字/日本語/한국어.txt",
        "emoji 🦀/👩‍👩‍👧‍👦.txt",
        // One word twice: composed, and decomposed. They are two files.
        "caf\u{e9}.txt",
        "cafe\u{301}.txt",
        "rtl/שלום/مرحبا.txt",
        "no extension",
        ".hidden",
        "dots...and.more.dots..txt",
        "index.html/nested.txt",
        "__proto__",
        "constructor/prototype.txt",
        "sw.js",
        "hub.html",
        "_vf/boot.html",
    ];
    names
        .iter()
        .map(|name| ((*name).to_owned(), name.as_bytes().to_vec()))
        .collect()
}

/// A tone that rises from 200 to 2,000 Hz: 16-bit mono PCM at 48 kHz, 96 KB a second.
fn wav(seconds: u32) -> Vec<u8> {
    const RATE: u32 = 48_000;
    let samples = RATE * seconds;
    let mut bytes = Vec::with_capacity(44 + samples as usize * 2);
    bytes.extend(b"RIFF");
    bytes.extend((36 + samples * 2).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    // Chunk length, format PCM, one channel, rate, bytes a second, bytes a frame, bits a sample.
    bytes.extend(16u32.to_le_bytes());
    bytes.extend(1u16.to_le_bytes());
    bytes.extend(1u16.to_le_bytes());
    bytes.extend(RATE.to_le_bytes());
    bytes.extend((RATE * 2).to_le_bytes());
    bytes.extend(2u16.to_le_bytes());
    bytes.extend(16u16.to_le_bytes());
    bytes.extend(b"data");
    bytes.extend((samples * 2).to_le_bytes());
    let mut phase = 0.0f64;
    for sample in 0..samples {
        let part = f64::from(sample) / f64::from(samples);
        phase = (phase + (200.0 + 1800.0 * part) / f64::from(RATE)).fract();
        // A triangle needs no sine, and the loudness is that of a quiet room.
        let value = (phase - 0.5).abs().mul_add(4.0, -1.0) * 3000.0;
        #[expect(clippy::cast_possible_truncation, reason = "within ±3000 by construction")]
        bytes.extend((value as i16).to_le_bytes());
    }
    bytes
}

fn checksum(bytes: &[u8]) -> u64 {
    // FNV-1a: it only has to notice an edit, in every version of Rust alike.
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn run(folder: &Path, program: &str, arguments: &[&str]) -> Result {
    let output = Command::new(program).args(arguments).current_dir(folder).output();
    let output = output.map_err(|error| format!("cannot start {program}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(format!(
        "{program} {arguments:?} in {}: {}",
        folder.display(),
        String::from_utf8_lossy(&said)
    )
    .into())
}

/// Every file below a folder, by its path from there with `/` between the parts.
fn read_folder(folder: &Path) -> Result<Files> {
    let mut files = Files::new();
    let mut folders = vec![(folder.to_owned(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        let entries = std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        for entry in entries {
            let entry = entry?;
            let name = entry
                .file_name()
                .into_string()
                .map_err(|name| format!("{name:?} is no UTF-8"))?;
            let path = format!("{prefix}{name}");
            if entry.file_type()?.is_dir() {
                folders.push((entry.path(), format!("{path}/")));
            } else {
                files.insert(path, std::fs::read(entry.path())?);
            }
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixtures_are_there() -> Result {
        assert!(modules()?.contains_key("js/workers/classic.js"));
        assert!(
            media()?
                .get("tone.wav")
                .is_some_and(|wav| wav.len() == 44 + 180 * 96_000)
        );
        assert!(names().len() > 25);
        Ok(())
    }
}
