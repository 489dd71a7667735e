//! What is known of each check apart from its code: `assets/preflight.json`, written for this project.

use std::sync::LazyLock;

use serde::Deserialize;

/// One check, in words.
#[derive(Clone, Debug, Deserialize)]
pub struct CatalogueEntry {
    pub id: String,
    pub group: String,
    /// The worst it can say.
    pub severity: String,
    pub title: String,
    pub rule: String,
    pub why: String,
    pub remedy: String,
    #[serde(default)]
    pub remedy_ids: Vec<String>,
    #[serde(default)]
    pub predicts: Vec<String>,
    #[serde(default)]
    pub source: String,
}

static CATALOGUE: LazyLock<Vec<CatalogueEntry>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../assets/preflight.json"))
        .expect("the shipped catalogue is sound: a test reads it")
});

/// All checks, in the catalogue's order.
pub fn catalogue() -> &'static [CatalogueEntry] {
    &CATALOGUE
}

/// The check of that code.
pub fn entry(code: &str) -> Option<&'static CatalogueEntry> {
    catalogue().iter().find(|entry| entry.id == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_catalogue_is_sound() {
        assert!(catalogue().len() > 70);
        assert_eq!(entry("pdb-zero").map(|entry| entry.severity.as_str()), Some("blocker"));
    }
}
