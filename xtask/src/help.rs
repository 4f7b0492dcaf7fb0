//! The commands and what they do, for `cargo xtask` alone and for `tidy`.

/// Every command with the line that describes it.
pub(crate) const COMMANDS: &[(&str, &str)] = &[
    (
        "setup",
        "Bring every tool, browsers included; --relock writes xtask/tools-lock.json anew",
    ),
    (
        "build",
        "Build dist/: the VFS origin, the Worker, the npm package, the demo; --tests adds what tests load",
    ),
    (
        "dev",
        "Serve the VFS origin and the demo, and rebuild on change; --port N, --demo-port N",
    ),
    (
        "test",
        "Test everything, or a part: unit, store, e2e; --browser NAME, --filter TEXT",
    ),
    (
        "deploy",
        "Build everything and deploy it to Cloudflare; --dry-run, --env NAME (production if not said)",
    ),
    (
        "static",
        "Write dist/static: the VFS origin as files, with an nginx configuration; --host NAME, --allow ORIGIN..., --listen ADDRESS, --out FOLDER",
    ),
    (
        "torture",
        "Change and read while workers, tabs and the browser are killed; --minutes N, --browser NAME, --seed N",
    ),
    (
        "soak",
        "Put, read and delete for long, and see that no memory grows with it; --minutes N",
    ),
    (
        "bench",
        "Measure side by side with others, as ratios; --rounds N, --only MEASURE, --browser NAME, --large, --write to docs/, --check against budgets, --slow-down MICROSECONDS to see that fail",
    ),
    (
        "fuzz",
        "Fuzz the core, or one target of it; --minutes N for each, 1 if not said",
    ),
    (
        "defences",
        "Take the defences of SECURITY.md away, one by one, and want their tests to fail; --filter TEXT, --browser NAME",
    ),
    (
        "coverage",
        "Show what of the core its tests and corpora run, and fail where too little of a parser is",
    ),
    ("lint", "Check the format, clippy and the house rules"),
    ("fmt", "Format the Rust sources"),
    ("tidy", "Check the house rules"),
    ("size", "Show what the wasm weighs, and fail over budget"),
    ("clean", "Delete what was built; --tools deletes the tools, too"),
    ("help", "Show this"),
];

/// The text of `cargo xtask help`.
pub(crate) fn text() -> String {
    let mut text = "cargo xtask <command>\n\n".to_owned();
    for (command, line) in COMMANDS {
        text.push_str(&format!("  {command:<8} {line}\n"));
    }
    text.push_str(
        "\nTools go to .tools/ and are pinned in xtask/tools.toml. Every program that runs is printed first.\n\
         VF_WASM_TOOLCHAIN=debian builds the wasm with Debian's Rust instead of rustup's.\n",
    );
    text
}
