//! One entry of the failure catalogue, as its file writes it. Words only: what they match is in `pattern.rs`.

use serde::Deserialize;

/// Below this specificity an entry says little: it is told first only where nothing else fits.
pub const GENERIC_BELOW: u32 = 25;

/// One known failure.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogueEntry {
    /// The code, for instance `drain-blocked-by-pdb`.
    pub id: String,
    /// By frequency in the sources; 1 is the most frequent.
    #[serde(default = "last_rank")]
    pub rank: u32,
    #[serde(rename = "match", default)]
    pub matching: Matching,
    pub title: String,
    pub cause: String,
    /// `before start`, `control plane`, `surge`, `node bootstrap`, `node drain`, `reimage`, `after` or `any`.
    #[serde(default)]
    pub phase: String,
    /// `blocker`, `critical`, `warning` or `info`.
    #[serde(default)]
    pub severity: String,
    /// Where it shows up, for instance `operation status error` or `kubernetes event`.
    #[serde(default, rename = "where")]
    pub shows_in: Vec<String>,
    #[serde(default)]
    pub frequency: String,
    /// What can be read out of its text.
    #[serde(default)]
    pub captures: Vec<String>,
    #[serde(default)]
    pub sample_message: Option<String>,
    /// How a person confirms it.
    #[serde(default)]
    pub evidence: Vec<Confirmation>,
    /// Safest first.
    #[serde(default)]
    pub remedies: Vec<RemedyName>,
    #[serde(default, rename = "guide_url")]
    pub guide: Option<String>,
    /// Public pages the entry was written from.
    #[serde(default)]
    pub source: String,
    /// What no source says for certain.
    #[serde(default)]
    pub unconfirmed: Vec<String>,
}

/// What an entry is recognised by.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Matching {
    /// Codes under which Azure reports it. Most stand for several causes, so a code alone never decides.
    pub error_code: Vec<String>,
    /// In the syntax of the `regex` crate.
    pub message_regex: Option<String>,
    /// What live state shows, in words; the rules know it in code.
    pub signal: Option<String>,
    /// 0 to 100: how much a match says; 50 where a user's file does not say.
    #[serde(default = "plain_specificity")]
    pub specificity: u32,
    /// Further patterns that pull fields out of a text that matched.
    pub extract: Vec<String>,
}

/// One thing to read, and what it shows when the cause is true.
#[derive(Clone, Debug, Deserialize)]
pub struct Confirmation {
    pub read: String,
    pub confirms_if: String,
}

/// A remedy the catalogue names: an id of the remedy library.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "RemedyWritten")]
pub struct RemedyName {
    pub id: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RemedyWritten {
    Name(String),
    Entry { id: String },
}

impl From<RemedyWritten> for RemedyName {
    fn from(written: RemedyWritten) -> Self {
        match written {
            RemedyWritten::Name(id) | RemedyWritten::Entry { id } => Self { id },
        }
    }
}

impl CatalogueEntry {
    /// True for an entry that only fits where nothing better does.
    pub fn is_generic(&self) -> bool {
        self.matching.specificity < GENERIC_BELOW
    }

    /// True for something that is worth knowing and needs no cure.
    pub fn is_info(&self) -> bool {
        self.severity == "info"
    }

    /// True where the cluster's events are the only texts that tell of it.
    pub fn is_told_by_cluster_only(&self) -> bool {
        !self.shows_in.is_empty()
            && self.shows_in.iter().all(|place| {
                matches!(
                    place.as_str(),
                    "kubernetes event" | "node event" | "cluster state (no error text)"
                )
            })
    }
}

fn plain_specificity() -> u32 {
    50
}

fn last_rank() -> u32 {
    1000
}
