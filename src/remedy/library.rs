//! The remedy library: `assets/remedies.json`, written for this project. Words only; what is done is in `recipes/`.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// What may go wrong with a remedy. Worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    Low,
    Medium,
    High,
}

impl Risk {
    /// The word on screen and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// One remedy, in words.
#[derive(Clone, Debug, Deserialize)]
pub struct Remedy {
    pub id: String,
    pub title: String,
    /// `arm`, `k8s` or `none`.
    pub api: String,
    /// True where the cockpit can do it; the rest is told how.
    pub automatable: bool,
    pub risk: Risk,
    pub risk_note: String,
    pub how: String,
    pub undo: String,
}

static LIBRARY: LazyLock<Vec<Remedy>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../assets/remedies.json"))
        .expect("the shipped library is sound: a test reads it")
});

/// All remedies.
pub fn library() -> &'static [Remedy] {
    &LIBRARY
}

/// The remedy of that id.
pub fn remedy(id: &str) -> Option<&'static Remedy> {
    library().iter().find(|remedy| remedy.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_library_is_sound() {
        assert!(library().len() > 70);
        assert!(remedy("uncordon").is_some_and(|remedy| remedy.automatable && remedy.risk == Risk::Low));
    }
}
