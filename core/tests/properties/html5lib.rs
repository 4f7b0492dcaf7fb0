//! The injection held against the tree construction tests of html5lib (MIT, see their LICENSE): every `#data` of them is a
//! document here.

use std::fs;
use std::path::Path;

use crate::html;

/// The documents in a file of tests.
fn documents(file: &str) -> Vec<&str> {
    let mut documents = Vec::new();
    for test in file.split("#data\n").skip(1) {
        let end = test.find("#errors\n").expect("a test has errors, if only none");
        let data = &test[..end];
        documents.push(data.strip_suffix('\n').unwrap_or(data));
    }
    documents
}

#[test]
fn html5lib_tests() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/html5lib-tree-construction");
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| {
        panic!("the tests of html5lib should be in {}: {error}", folder.display());
    });
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "dat"));
    paths.sort();

    let (mut count, mut failures) = (0, Vec::new());
    for path in &paths {
        let bytes = fs::read(path).unwrap();
        for document in documents(&String::from_utf8_lossy(&bytes)) {
            count += 1;
            if std::panic::catch_unwind(|| html::check_text(document)).is_err() {
                failures.push(format!("{}: {document:?}", path.display()));
            }
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {count} failed: {failures:#?}",
        failures.len()
    );
    assert!(count > 1000, "only {count} tests were found in {}", folder.display());
    println!("{count} documents in {} files", paths.len());
}
