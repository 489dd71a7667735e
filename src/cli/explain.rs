//! `explain`: the page of a check or a cause, offline; and all pages as files. From the shipped catalogues alone.

use std::collections::BTreeSet;
use std::path::Path;

use super::args::ExplainArguments;
use super::output;
use crate::diagnosis::catalogue::{Catalogue, CatalogueEntry as Failure};
use crate::preflight::{CatalogueEntry as Check, catalogue as checks, entry as check};
use crate::problem::{Exit, Problem};
use crate::remedy::library::remedy;

/// Runs the command.
pub(super) fn run(arguments: &ExplainArguments) -> Result<(), Problem> {
    if let Some(directory) = &arguments.write {
        return write_all(directory);
    }
    match &arguments.code {
        Some(code) => output::write_out(&page(code).ok_or_else(|| unknown(code))?),
        None => output::write_out(&list()),
    }
}

/// All codes, checks first, each with its title.
fn list() -> String {
    let row = |code: &str, kind: &str, title: &str| vec![code.to_owned(), kind.to_owned(), title.to_owned()];
    let mut rows: Vec<Vec<String>> = checks()
        .iter()
        .map(|check| row(&check.id, "check", &check.title))
        .collect();
    let causes = Catalogue::shipped().entries().iter();
    rows.extend(causes.map(|failure| row(&failure.id, "cause", &failure.title)));
    output::columns(&["CODE", "KIND", "WHAT"], &rows)
}

fn codes() -> BTreeSet<&'static str> {
    let causes = Catalogue::shipped().entries().iter().map(|failure| failure.id.as_str());
    checks().iter().map(|check| check.id.as_str()).chain(causes).collect()
}

fn unknown(code: &str) -> Problem {
    let mut near: Vec<&str> = codes()
        .into_iter()
        .filter(|known| known.contains(code) || code.contains(known))
        .collect();
    near.sort_by_key(|known| !known.starts_with(code));
    near.truncate(10);
    let problem = Problem::new(Exit::NotFound, format!("there is no code '{code}'"));
    let problem = if near.is_empty() {
        problem
    } else {
        problem.because(format!("near to it: {}", near.join(", ")))
    };
    problem.try_this("aks-cockpit explain lists them all")
}

fn write_all(directory: &Path) -> Result<(), Problem> {
    let failed = |error: std::io::Error| {
        Problem::new(
            Exit::Usage,
            format!("the pages cannot be written into {}", directory.display()),
        )
        .because(error.to_string())
        .try_this("give --write a directory you may write to")
    };
    std::fs::create_dir_all(directory).map_err(failed)?;
    for code in codes() {
        let text = page(code).unwrap_or_default();
        std::fs::write(directory.join(format!("{code}.md")), text).map_err(failed)?;
    }
    output::say(&format!("{} pages are in {}", codes().len(), directory.display()));
    Ok(())
}

/// The page of a code as Markdown; a code that is both a check and a cause has both on one page.
pub(super) fn page(code: &str) -> Option<String> {
    let (check, failure) = (check(code), Catalogue::shipped().entry(code));
    if check.is_none() && failure.is_none() {
        return None;
    }
    let mut text = String::new();
    if let Some(check) = check {
        about_check(&mut text, check);
    }
    if let Some(failure) = failure {
        if !text.is_empty() {
            text.push('\n');
        }
        about_failure(&mut text, failure);
    }
    Some(text)
}

fn about_check(text: &mut String, check: &Check) {
    text.push_str(&format!(
        "# {}\n\nCheck `{}`, at worst a {}.\n",
        check.title, check.id, check.severity
    ));
    section(text, "Rule", &check.rule);
    section(text, "Why", &check.why);
    section(text, "What to do", &check.remedy);
    remedies(text, check.remedy_ids.iter().map(String::as_str));
    let predicted = check
        .predicts
        .iter()
        .filter_map(|code| Catalogue::shipped().entry(code));
    let lines: Vec<String> = predicted
        .map(|entry| format!("- {} ([{}]({}.md))\n", entry.title, entry.id, entry.id))
        .collect();
    if !lines.is_empty() {
        text.push_str(&format!("\n## What it prevents\n\n{}", lines.concat()));
    }
    section(text, "Sources", &check.source);
}

fn about_failure(text: &mut String, failure: &Failure) {
    text.push_str(&format!(
        "# {}\n\nCause `{}`: {}, phase {}.\n",
        failure.title, failure.id, failure.severity, failure.phase
    ));
    section(text, "Why it happens", &failure.cause);
    if let Some(sample) = &failure.sample_message {
        text.push_str(&format!("\n## How it reads\n\n```text\n{sample}\n```\n"));
    } else if let Some(signal) = &failure.matching.signal {
        section(text, "How it shows", signal);
    }
    if !failure.evidence.is_empty() {
        text.push_str("\n## How to confirm it\n\n");
        for one in &failure.evidence {
            text.push_str(&format!("- {}: {}\n", one.read, one.confirms_if));
        }
    }
    remedies(text, failure.remedies.iter().map(|remedy| remedy.id.as_str()));
    if let Some(guide) = &failure.guide {
        section(text, "Guide", guide);
    }
    section(text, "Sources", &failure.source);
    if !failure.unconfirmed.is_empty() {
        section(text, "Not confirmed", &failure.unconfirmed.join("; "));
    }
}

fn section(text: &mut String, title: &str, words: &str) {
    if !matches!(words, "" | "-") {
        text.push_str(&format!("\n## {title}\n\n{words}\n"));
    }
}

fn remedies<'a>(text: &mut String, ids: impl Iterator<Item = &'a str>) {
    let known: Vec<_> = ids.filter_map(remedy).collect();
    if known.is_empty() {
        return;
    }
    text.push_str("\n## Remedies, safest first\n");
    for remedy in known {
        let by = if remedy.automatable {
            "`aks-cockpit mend`, or a key"
        } else {
            "by hand"
        };
        text.push_str(&format!("\n### {} (`{}`)\n\n", remedy.title, remedy.id));
        text.push_str(&format!("Risk {}; {by}.", remedy.risk.as_str()));
        for (word, words) in [("", &remedy.risk_note), ("", &remedy.how), ("Undo: ", &remedy.undo)] {
            if !matches!(words.as_str(), "" | "-") {
                text.push_str(&format!("\n{word}{words}"));
            }
        }
        text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_page_that_says_what_to_do() {
        for code in codes() {
            let page = page(code).unwrap();
            assert!(page.starts_with("# ") && page.len() > 200, "{code}: {page}");
        }
        assert_eq!(page("no-such-code"), None);
        assert!(unknown("pdb").why.iter().any(|why| why.contains("pdb-")));
    }

    #[test]
    fn the_pages_in_the_repository_are_those_of_this_program() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/findings");
        let files = std::fs::read_dir(&directory).unwrap().filter_map(Result::ok);
        let names: BTreeSet<String> = files
            .map(|file| file.file_name().to_string_lossy().into_owned())
            .collect();
        let wanted: BTreeSet<String> = codes().into_iter().map(|code| format!("{code}.md")).collect();
        assert_eq!(
            names, wanted,
            "aks-cockpit explain --write docs/findings makes them anew"
        );
        for code in codes() {
            let text = std::fs::read_to_string(directory.join(format!("{code}.md"))).unwrap();
            assert_eq!(
                Some(text),
                page(code),
                "{code}: aks-cockpit explain --write docs/findings makes it anew"
            );
        }
    }
}
