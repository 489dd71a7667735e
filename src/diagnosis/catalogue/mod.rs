//! The failure catalogue: `assets/failures.json` and what a user's own file adds to it. Words and patterns, no rules.

mod bootstrap;
mod entry;
mod envelope;
mod pattern;
mod upgrade_events;
mod user_file;

use std::sync::LazyLock;

use serde_json::Value;

pub use bootstrap::{ExitCode, exit_code};
pub use entry::{CatalogueEntry, Confirmation, GENERIC_BELOW, Matching, RemedyName};
pub(super) use envelope::{Layer, layers};
pub(super) use pattern::Captures;
use pattern::Patterns;
pub(super) use upgrade_events::is_upgrade_step;
pub use user_file::CatalogueError;

/// All known failures.
#[derive(Clone, Debug)]
pub struct Catalogue {
    entries: Vec<CatalogueEntry>,
    patterns: Patterns,
}

/// An entry whose pattern a text matched.
#[derive(Clone, Debug)]
pub(super) struct TextMatch<'a> {
    pub(super) entry: &'a CatalogueEntry,
    pub(super) captures: Captures,
}

const SHIPPED_TEXT: &str = include_str!("../../../assets/failures.json");

static SHIPPED: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue::of_values(shipped_values()).expect("the shipped catalogue is sound: a test reads it"));

fn shipped_values() -> Vec<Value> {
    serde_json::from_str(SHIPPED_TEXT).expect("the shipped catalogue is sound: a test reads it")
}

impl Catalogue {
    /// The one that comes with the program.
    pub fn shipped() -> &'static Self {
        &SHIPPED
    }

    /// The shipped one with a user's own file laid over it: TOML (`[[failures]]`) or JSON (a list, or `failures`).
    ///
    /// An entry whose `id` is known overrides the fields it gives; any other is added.
    ///
    /// # Errors
    /// When the text is neither, an entry lacks its `id` or a new one a needed field, or a pattern does not compile.
    pub fn with_file(text: &str) -> Result<Self, CatalogueError> {
        Self::of_values(user_file::laid_over(shipped_values(), text)?)
    }

    fn of_values(values: Vec<Value>) -> Result<Self, CatalogueError> {
        let mut entries = values
            .into_iter()
            .map(user_file::entry)
            .collect::<Result<Vec<CatalogueEntry>, CatalogueError>>()?;
        entries.sort_by_key(|entry| entry.rank);
        let patterns = Patterns::of(&entries)?;
        Ok(Self { entries, patterns })
    }

    /// The failure of that code.
    pub fn entry(&self, code: &str) -> Option<&CatalogueEntry> {
        self.entries.iter().find(|entry| entry.id == code)
    }

    /// All of them, most frequent first.
    pub fn entries(&self) -> &[CatalogueEntry] {
        &self.entries
    }

    /// Entries whose pattern fits the text, most specific first.
    ///
    /// Linear in the text, of which the first 64 KiB are looked at.
    pub(super) fn matches(&self, text: &str) -> Vec<TextMatch<'_>> {
        let mut found: Vec<TextMatch<'_>> = self
            .patterns
            .find(text)
            .into_iter()
            .map(|(index, captures)| TextMatch {
                entry: &self.entries[index],
                captures,
            })
            .collect();
        found.sort_by_key(|found| (std::cmp::Reverse(found.entry.matching.specificity), found.entry.rank));
        found
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_shipped_catalogue_is_sound() {
        let catalogue = Catalogue::shipped();
        assert!(catalogue.entries().len() > 80);
        let entry = catalogue.entry("drain-blocked-by-pdb").unwrap();
        assert!(!entry.remedies.is_empty() && entry.guide.is_some() && !entry.evidence.is_empty());
        let ids: BTreeSet<&str> = catalogue.entries().iter().map(|entry| entry.id.as_str()).collect();
        assert_eq!(ids.len(), catalogue.entries().len(), "a code is used twice");
    }

    #[test]
    fn every_remedy_is_in_the_library() {
        let library: Vec<Value> = serde_json::from_str(include_str!("../../../assets/remedies.json")).unwrap();
        let known: BTreeSet<&str> = library.iter().filter_map(|remedy| remedy["id"].as_str()).collect();
        for entry in Catalogue::shipped().entries() {
            for remedy in &entry.remedies {
                assert!(known.contains(remedy.id.as_str()), "{} names {}", entry.id, remedy.id);
            }
        }
    }

    #[test]
    fn every_pattern_fits_its_own_sample() {
        let catalogue = Catalogue::shipped();
        for entry in catalogue.entries() {
            let Some(sample) = &entry.sample_message else { continue };
            let found = catalogue.matches(sample);
            assert!(found.iter().any(|found| found.entry.id == entry.id), "{}", entry.id);
        }
    }
}
