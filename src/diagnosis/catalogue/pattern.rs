//! The catalogue's patterns, compiled once: one pass tells which fit, then only those are read for their fields.

use std::collections::BTreeMap;

use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

use super::entry::CatalogueEntry;
use super::user_file::CatalogueError;

/// Compiled size one pattern may have; the shipped ones need a tenth.
const PATTERN_LIMIT: usize = 4 << 20;
/// Compiled size of all patterns together.
const ALL_LIMIT: usize = 64 << 20;
/// Bytes of a text that are looked at: Azure's errors are a few KiB long.
const TEXT_LIMIT: usize = 64 << 10;

/// Fields of a text by name, for instance `pdb` or `limit`. The first value of each name counts.
pub(in crate::diagnosis) type Captures = BTreeMap<String, String>;

#[derive(Clone, Debug)]
pub(super) struct Patterns {
    all: RegexSet,
    each: Vec<Pattern>,
}

#[derive(Clone, Debug)]
struct Pattern {
    /// Index of the entry.
    entry: usize,
    regex: Regex,
    extract: Vec<Regex>,
}

impl Patterns {
    pub(super) fn of(entries: &[CatalogueEntry]) -> Result<Self, CatalogueError> {
        let mut each = Vec::new();
        let mut texts = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            let Some(text) = &entry.matching.message_regex else {
                continue;
            };
            let extract = &entry.matching.extract;
            each.push(Pattern {
                entry: index,
                regex: compile(&entry.id, text)?,
                extract: extract
                    .iter()
                    .map(|text| compile(&entry.id, text))
                    .collect::<Result<_, _>>()?,
            });
            texts.push(text);
        }
        let all = RegexSetBuilder::new(texts)
            .size_limit(ALL_LIMIT)
            .build()
            .map_err(|error| CatalogueError::TooLarge { why: error.to_string() })?;
        Ok(Self { all, each })
    }

    /// Indices of the entries that fit, with their fields.
    pub(super) fn find(&self, text: &str) -> Vec<(usize, Captures)> {
        let text = head(text);
        self.all
            .matches(text)
            .into_iter()
            .map(|index| (self.each[index].entry, self.each[index].captures(text)))
            .collect()
    }
}

impl Pattern {
    fn captures(&self, text: &str) -> Captures {
        let mut fields = Captures::new();
        read(&self.regex, text, &mut fields);
        for regex in &self.extract {
            if regex.capture_names().flatten().any(|name| name == "key") {
                read_pairs(regex, text, &mut fields);
            } else {
                read(regex, text, &mut fields);
            }
        }
        fields
    }
}

fn read(regex: &Regex, text: &str, fields: &mut Captures) {
    let Some(captures) = regex.captures(text) else {
        return;
    };
    for name in regex.capture_names().flatten() {
        if let Some(value) = captures.name(name).filter(|value| !value.is_empty()) {
            fields
                .entry(name.to_owned())
                .or_insert_with(|| value.as_str().to_owned());
        }
    }
}

/// Reads every `key: value` of a text.
fn read_pairs(regex: &Regex, text: &str, fields: &mut Captures) {
    for captures in regex.captures_iter(text) {
        if let (Some(key), Some(value)) = (captures.name("key"), captures.name("value")) {
            fields
                .entry(key.as_str().to_owned())
                .or_insert_with(|| value.as_str().to_owned());
        }
    }
}

fn compile(id: &str, text: &str) -> Result<Regex, CatalogueError> {
    RegexBuilder::new(text)
        .size_limit(PATTERN_LIMIT)
        .build()
        .map_err(|error| CatalogueError::Pattern {
            id: id.to_owned(),
            why: error.to_string(),
        })
}

fn head(text: &str) -> &str {
    let mut end = text.len().min(TEXT_LIMIT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use crate::diagnosis::catalogue::Catalogue;

    #[test]
    fn fields_are_read_from_pattern_and_extracts() {
        let text = "Drain node aks-np1-1-vmss000003 failed when evicting pod web-7-g failed with Too Many Requests error. \
                    PDB debug info: shop/web-7-g blocked by pdb web-pdb (MinAvailable: 2) (CurrentHealthy: 2) with 0 unready pods.";
        let found = Catalogue::shipped().matches(text);
        let fields = &found[0].captures;
        assert_eq!(found[0].entry.id, "drain-blocked-by-pdb");
        let read = |name: &str| fields.get(name).map(String::as_str);
        assert_eq!(read("pdb"), Some("web-pdb"));
        assert_eq!(read("ns"), Some("shop"));
        assert_eq!(read("MinAvailable"), Some("2"));
        assert_eq!(read("CurrentHealthy"), Some("2"));
    }

    #[test]
    fn a_text_without_end_is_cut_between_characters() {
        let long = "ä".repeat(70_000);
        assert!(Catalogue::shipped().matches(&long).is_empty());
    }
}
