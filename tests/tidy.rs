//! The house rules that the compiler cannot check: who imports whom, which crate stays in which room, file docs.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Room, and the rooms it may import. `main.rs`, `lib.rs` and `cli/` may import all; tests inside files too.
const ARROWS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("journal", &[]),
    ("clock", &[]),
    ("config", &["domain"]),
    ("logging", &[]),
    ("plan", &["domain"]),
    ("progress", &["domain"]),
    ("preflight", &["domain"]),
    ("diagnosis", &["progress", "domain"]),
    ("remedy", &["diagnosis", "domain"]),
    ("requests", &["domain", "clock"]),
    ("azure", &["requests", "domain", "clock"]),
    ("kubernetes", &["requests", "domain", "clock"]),
    (
        "inventory",
        &["azure", "kubernetes", "progress", "requests", "domain", "clock"],
    ),
    ("smoke", &["domain", "clock"]),
    (
        "engine",
        &[
            "journal",
            "plan",
            "progress",
            "remedy",
            "domain",
            "azure",
            "kubernetes",
            "smoke",
            "clock",
        ],
    ),
    ("simulator", &["domain", "clock"]),
    (
        "problem",
        &[
            "azure",
            "kubernetes",
            "engine",
            "plan",
            "journal",
            "simulator",
            "domain",
        ],
    ),
    (
        "ui",
        &[
            "engine",
            "inventory",
            "plan",
            "preflight",
            "progress",
            "diagnosis",
            "remedy",
            "config",
            "domain",
            "clock",
            "problem",
            "requests",
            "notify",
        ],
    ),
    ("notify", &["engine", "inventory", "progress", "domain", "clock"]),
];

/// Crate, and where it may be named.
const FENCES: &[(&str, &[&str])] = &[
    ("ratatui", &["ui/"]),
    ("crossterm", &["ui/"]),
    ("tui_input", &["ui/"]),
    ("reqwest", &["azure/", "smoke/", "notify/"]),
    ("azure_identity", &["azure/"]),
    ("azure_core", &["azure/"]),
    ("kube", &["kubernetes/"]),
    ("k8s_openapi", &["kubernetes/"]),
    ("axum", &["simulator/"]),
    ("rusqlite", &["journal/"]),
    ("clap", &["cli/"]),
    ("clap_complete", &["cli/"]),
    ("clap_mangen", &["cli/"]),
    (
        "tokio",
        &[
            "azure/",
            "kubernetes/",
            "smoke/",
            "notify/",
            "inventory/",
            "engine/driver",
            "engine/handle",
            "simulator/",
            "ui/",
            "cli/",
            "clock.rs",
            "main.rs",
        ],
    ),
];

/// Words that no file name may be.
const VAGUE_NAMES: &[&str] = &["utils", "util", "helpers", "common", "manager", "misc", "types", "imp"];

struct Source {
    /// Relative to `src/`, with forward slashes.
    path: String,
    /// Everything before the file's own tests.
    code: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    assert!(files.len() > 50, "the sources were not found");
    files
        .into_iter()
        .map(|file| {
            let text = fs::read_to_string(&file).unwrap();
            let code = text.split("\n#[cfg(test)]\nmod ").next().unwrap_or_default().to_owned();
            Source {
                path: file.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/"),
                code,
            }
        })
        .collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The code lines, without comments and with string contents left in.
fn lines(code: &str) -> impl Iterator<Item = &str> {
    code.lines().map(str::trim).filter(|line| !line.starts_with("//"))
}

/// Every identifier that follows `prefix` in the code.
fn names_after<'a>(code: &'a str, prefix: &'a str) -> impl Iterator<Item = &'a str> {
    lines(code).flat_map(move |line| {
        line.match_indices(prefix).map(move |(start, _)| {
            let rest = &line[start + prefix.len()..];
            let end = rest
                .find(|character: char| !character.is_alphanumeric() && character != '_')
                .unwrap_or(rest.len());
            &rest[..end]
        })
    })
}

fn room(path: &str) -> &str {
    path.split(['/', '.']).next().unwrap_or_default()
}

#[test]
fn rooms_import_only_along_the_arrows() {
    let mut wrong = Vec::new();
    for source in sources() {
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == room(&source.path)) else {
            continue;
        };
        for imported in names_after(&source.code, "crate::") {
            if imported != room(&source.path) && !allowed.contains(&imported) {
                wrong.push(format!("{} imports {imported}", source.path));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "against ARCHITECTURE.md, Rooms:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn only_edges_of_the_engine_reach_out() {
    let allowed = ["engine/driver", "engine/handle"];
    for source in sources().iter().filter(|source| source.path.starts_with("engine/")) {
        if !allowed.iter().any(|file| source.path.starts_with(file)) {
            assert!(
                !names_after(&source.code, "crate::").any(|name| ["azure", "kubernetes", "smoke"].contains(&name)),
                "{} reaches out",
                source.path
            );
        }
    }
}

#[test]
fn crates_stay_in_their_rooms() {
    let mut wrong = BTreeSet::new();
    for source in sources() {
        for (name, places) in FENCES {
            let is_named = lines(&source.code).any(|line| {
                line.match_indices(&format!("{name}::")).any(|(start, _)| {
                    line[..start]
                        .chars()
                        .next_back()
                        .is_none_or(|before| !before.is_alphanumeric() && before != '_' && before != ':')
                })
            });
            if is_named && !places.iter().any(|place| source.path.starts_with(place)) {
                wrong.insert(format!("{} names {name}", source.path));
            }
        }
    }
    // The binary sets the process-wide TLS provider, and the command line names what it puts together.
    assert!(
        wrong.is_empty(),
        "outside their fence:\n{}",
        Vec::from_iter(wrong).join("\n")
    );
}

#[test]
fn only_the_clock_reads_the_time() {
    for source in sources().iter().filter(|source| source.path != "clock.rs") {
        for call in ["Timestamp::now(", "SystemTime::now(", "Zoned::now("] {
            assert!(
                !lines(&source.code).any(|line| line.contains(call)),
                "{} calls {call})",
                source.path
            );
        }
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    for source in sources() {
        // A sketch of how things hang together may follow after an empty line.
        let opening = source.code.lines().take_while(|line| line.starts_with("//! ")).count();
        assert!(
            (1..=5).contains(&opening),
            "{} opens with {opening} lines of //!",
            source.path
        );
    }
}

#[test]
fn names_say_something_and_files_stay_readable() {
    for source in sources() {
        let name = source
            .path
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .trim_end_matches(".rs");
        assert!(!VAGUE_NAMES.contains(&name), "{} is a vague name", source.path);
        let length = source.code.lines().count();
        assert!(length <= 500, "{} has {length} lines before its tests", source.path);
    }
}

#[test]
fn nothing_is_left_for_later() {
    let words = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
        concat!("#[", "ignore"),
    ];
    for source in sources() {
        for word in words {
            assert!(!source.code.contains(word), "{} contains {word}", source.path);
        }
    }
}

#[test]
fn architecture_stays_short() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md")).unwrap();
    assert!(text.lines().count() <= 150);
}
